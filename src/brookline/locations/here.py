"""This host: who it is, what a login finds here, and folders that are ours alone."""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import re
import shutil
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHELLS = ("bash", "sh")
_LOGIN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PASSED_ON = ("LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")
_SECRET = re.compile(
    r"passw|secret|token|credential|private|access.?(cert|key)|auth", re.IGNORECASE
)


def host_key() -> str:
    """Return what tells this host from others: its name, and its machine id if it has one."""
    name = socket.gethostname()
    with contextlib.suppress(OSError):
        machine_id = Path("/etc/machine-id").read_text(encoding="ascii").strip()
        if machine_id:
            return f"{name}/{machine_id[:12]}"
    return name


def login_user() -> str:
    """Return the name of the user as whom commands run."""
    return pwd.getpwuid(os.getuid()).pw_name


def login_folder() -> str:
    """Return the user's home, or the root folder if there is none."""
    home = pwd.getpwuid(os.getuid()).pw_dir
    return home if Path(home).is_dir() else "/"


def seen_from_login(path: str) -> str:
    """Return an absolute path for one as a login would read it: ``~/apps``, ``apps``."""
    path = "." if path == "~" else path.removeprefix("~/")
    return str(Path(login_folder()) / path)


def login_env() -> dict[str, str]:
    """Return the environment that a login would give; nothing else of the server's gets out."""
    user = pwd.getpwuid(os.getuid())
    env = {"PATH": _LOGIN_PATH, "HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name}
    env["SHELL"] = user.pw_shell or "/bin/sh"
    return env | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


@functools.cache
def shell() -> str:
    """Return the path of bash, or of sh where there is none."""
    return next(filter(None, map(shutil.which, _SHELLS)), "/bin/sh")


def env_text(env: Mapping[str, str]) -> str:
    """Return variables as lines for people; what looks like a secret is masked."""
    shown = {name: "********" if _SECRET.search(name) else value for name, value in env.items()}
    return "".join(f"{name}={value}\n" for name, value in shown.items())


def own_folder(path: Path) -> None:
    """Make a folder that only we can write, below one that perhaps all can write.

    Raises:
        PermissionError: If somebody else owns it or can write it.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.stat(follow_symlinks=False)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(f"{path} belongs to somebody else, or others can write it")


def write_whole(content: bytes, path: Path) -> None:
    """Write a file so that readers see all of it or nothing.

    Raises:
        OSError: If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{new_id()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

"""What ``sudo`` allows an ordinary login for the time of a test, on this host.

The ordinary login is *nobody*. He may be *daemon* and *root* without a password, *bin* with one, *sys* not at all.
"""

import datetime as dt
import fcntl
import os
import pwd
from pathlib import Path

from brookline.locations.shells import LocalShell

LOGIN = "nobody"
RULES = f"{LOGIN} ALL=(daemon, root) NOTAFTER={{end}} NOPASSWD: ALL\n{LOGIN} ALL=(bin) ALL\n"
"""The end is for the case that this process is killed before it can take them back."""


SESSIONS = """
auth sufficient pam_rootok.so
account sufficient pam_permit.so
session required pam_exec.so {0}
"""
HOLD = """#!/bin/sh
cd {0} && ! mv first first.came && mv second second.came || exit 0
while ! test -e go; do sleep 0.01; done
"""


class Sudo:
    """What ``sudo`` allows here for the time of a test, one at a time."""

    file = Path("/etc/sudoers.d/brookline-test")
    sessions = Path("/etc/pam.d/brookline-test")

    def __enter__(self):
        self._lock = os.open(self.file.parent, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_):
        self.forbid()
        os.close(self._lock)

    def allow(self):
        end = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)
        part = Path(f"{self.file}.part")  # such names are passed over
        part.write_text(RULES.format(end=f"{end:%Y%m%d%H%M%SZ}"))
        part.chmod(0o440)
        part.rename(self.file)

    def forbid(self):
        self.file.unlink(missing_ok=True)
        self.sessions.unlink(missing_ok=True)

    def hold_up(self, folder):
        """Have the next but one wait for the file ``go`` of a folder, before it becomes the other."""
        script = folder / "hold"
        script.write_text(HOLD.format(folder))
        script.chmod(0o755)
        (folder / "first").touch()
        (folder / "second").touch()
        self.sessions.write_text(SESSIONS.format(script))
        with self.file.open("a") as file:
            file.write(f"Defaults:{LOGIN} pam_service={self.sessions.name}\n")


def as_login(*argv):
    """Return a command as the ordinary login would give it."""
    user = pwd.getpwnam(LOGIN)
    ids = ("--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups")
    return ("setpriv", *ids, "env", "-C", "/", f"HOME={user.pw_dir}", *argv)


class Login(LocalShell):
    """The way to this host as the ordinary login."""

    def open(self, *argv, **kwargs):
        return super().open(*as_login(*argv), **kwargs)

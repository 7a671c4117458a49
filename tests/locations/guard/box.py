"""A machine in a folder: the guard's script under a shell of one's choice, and what it says."""

from __future__ import annotations

import copy
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from brookline.locations.command import Command
from brookline.locations.payload import encode

ROOT = Path(__file__).parent.parent.parent.parent
SCRIPT = ROOT / "src" / "brookline" / "locations" / "guard.sh"
BOOT_ID = "/proc/sys/kernel/random/boot_id"

PROGRAMS = {
    "dash": ("dash",),
    "bash": ("bash",),
    "busybox": ("busybox",),
    "ksh": ("ksh93", "ksh"),
    "mksh": ("mksh",),
}
SHELLS = list(PROGRAMS)


def shell(name):
    """Return the path of a shell of this host or of ``make shells``; None if there is none."""
    places = [*os.environ["PATH"].split(":"), str(ROOT / ".shells" / "bin")]
    paths = [Path(place) / program for program in PROGRAMS[name] for place in places]
    return next((path for path in paths if path.exists()), None)


def plain_shell():
    """Return the name of the shell that is ``/bin/sh`` on most hosts like this one."""
    return "dash" if shell("dash") else "bash"


def all_at_once(ask, arguments, *, threads=20):
    """Return what a function returns for each argument, asked by several threads at a time."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(ask, arguments))


def path_without(place, *absent):
    """Return a PATH with all programs of this host but some, in a new folder at a place."""
    folder = place / "programs"
    folder.mkdir()
    for known in reversed(os.environ["PATH"].split(":")):
        for program in Path(known).iterdir() if Path(known).is_dir() else ():
            if program.name not in absent:
                link = folder / program.name
                link.unlink(missing_ok=True)
                link.symlink_to(program)
    return str(folder)


class Answer(NamedTuple):
    """What the guard said.

    Attributes:
        lines: Words of its lines.
        out: Bytes of the step's standard output.
        err: Bytes of its standard error.
        errors: What the script itself said of errors.
    """

    lines: list[list[str]]
    out: bytes
    err: bytes
    errors: bytes

    @property
    def words(self):
        """Words of its last line."""
        return self.lines[-1] if self.lines else []

    @property
    def end(self):
        """Exit code and reason of the step."""
        assert self.words[:1] == ["end"], self
        return self.words[1], self.words[2]


def read(said, errors=b""):
    """Return the answer that some bytes are."""
    lines, got = [], {"out": b"", "err": b""}
    while said:
        line, _, said = said.partition(b"\n")
        words = line.decode().split()
        lines.append(words)
        if words[0] in got:
            size = int(words[1])
            got[words[0]] += said[:size]
            if len(said) < size:
                lines.append(["cut", "off"])
            said = said[size:]
    return Answer(lines, got["out"], got["err"], errors)


class Box:
    """The guard of one folder, under one shell.

    Args:
        tmp_path: A folder for all that it needs.
        name: Of the shell.
        path: Where it finds programs, if not where this process does.
        login: Name of the user who asks it, if not that of this process.
    """

    def __init__(self, tmp_path, name="dash", *, path="", login=None):
        self.tmp_path = tmp_path
        self.folder = tmp_path / "folder of 'guards'"
        self.login = login
        if login:
            shutil.chown(tmp_path, login)
        self.boot_file = tmp_path / "boot_id"
        self.boot_file.write_text("boot-1\n")
        self.env = {"PATH": path or os.environ["PATH"], "HOME": str(tmp_path)}
        self.id = self.boot = ""
        self.processes = []
        self.shell = self._shell(name)
        self.script = self.copy("guard.sh", lambda text: text)

    def _shell(self, name):
        found = shell(name)
        if name != "busybox" and not self.login:
            return found
        own = self.tmp_path / "sh"  # busybox is what it is called
        shutil.copy(found, own)  # no link, for others may not come to where it is
        return own

    def twin(self, name):
        """Return another box, whose folder is as the folder of this one is now."""
        twin = copy.copy(self)
        twin.tmp_path = self.tmp_path / name
        twin.tmp_path.mkdir()
        twin.folder = twin.tmp_path / self.folder.name
        if self.folder.exists():
            shutil.copytree(self.folder, twin.folder, symlinks=True)
            twin.id = f"{self.id.partition('.')[0]}.{twin.folder.stat().st_ino}"
        for path in (twin.tmp_path, *twin.tmp_path.rglob("*")) if self.login else ():
            shutil.chown(path, self.login)
        return twin

    def copy(self, name, change):
        """Return the path of a changed copy of the script."""
        text = SCRIPT.read_text()
        assert "g_sh=/bin/sh\n" in text
        assert BOOT_ID in text
        text = text.replace("g_sh=/bin/sh\n", f"g_sh={self.shell}\n")
        path = self.tmp_path / name
        path.write_text(change(text.replace(BOOT_ID, str(self.boot_file))))
        return path

    def reboot(self):
        """Have the machine another boot id. Its processes are not touched."""
        self.boot_file.write_text(self.boot_file.read_text().strip() + "x\n")

    def ask(self, *words, stdin=b"", script=None, env=None):
        """Return what the guard says."""
        with self.begin(*words, stdin=stdin, script=script, env=env) as process:
            said, errors = process.communicate(timeout=50)
        return read(said, errors)

    def begin(self, *words, stdin=b"", script=None, env=None):
        """Start the script; its answer can be read from the process."""
        argv = [str(self.shell), str(script or self.script), *map(str, words)]
        with tempfile.TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            process = subprocess.Popen(
                argv, env=self.env | (env or {}), stdin=given, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, start_new_session=True, **self._as_login(),
            )  # fmt: skip

        self.processes.append(process)
        return process

    def _as_login(self):
        if self.login is None:
            return {}
        user = pwd.getpwnam(self.login)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}

    def end_of(self, process):
        """Return the answer of one that was begun, once it is complete."""
        with process:
            return read(process.communicate(timeout=20)[0])

    def leave(self, process):
        """End one that was begun, but not what it runs."""
        with process:
            process.kill()

    def init(self, **kwargs):
        """Make the folder."""
        answer = self.ask("init", self.folder, "first", **kwargs)
        if answer.words == ["ok"]:
            _, self.id, self.boot = answer.lines[0]
        return answer

    def run_words(self, step, command, *, epoch=1, fresh=True, places=(0, 0), kept=True, boot=""):
        """Return the words of a run, and its input."""
        if isinstance(command, str):
            command = Command("try", command)
        payload = encode(command)
        known = ("fresh" if fresh else "known", *places, len(payload), "keep" if kept else "drop")
        return ("run", self.folder, self.id, epoch, step, boot or self.boot, *known), payload

    def run(self, step, command="true", *, script=None, env=None, **kwargs):
        """Run a step to its end."""
        words, payload = self.run_words(step, command, **kwargs)
        return self.ask(*words, stdin=payload, script=script, env=env)

    def begin_run(self, step, command, **kwargs):
        """Begin to run a step."""
        words, payload = self.run_words(step, command, **kwargs)
        return self.begin(*words, stdin=payload)

    def kill(self, step, *, epoch=1, why="cancelled", grace=20, **kwargs):
        return self.ask("kill", self.folder, self.id, epoch, step, why, grace, **kwargs)

    def status(self, step):
        return self.ask("status", self.folder, self.id, step)

    def collect(self, *steps, epoch=1, **kwargs):
        return self.ask("collect", self.folder, self.id, epoch, *steps, **kwargs)

    def output(self, step, stream, offset=0):
        return self.ask("output", self.folder, self.id, step, stream, offset)

    def await_output(self, step, *, lines=0, size=0):
        """Return what a step wrote, once it is so many lines, or so many bytes."""
        deadline = time.monotonic() + 20
        while (out := self.output(step, "stdout").out).count(b"\n") < lines or len(out) < size:
            assert time.monotonic() < deadline, out
            time.sleep(0.005)
        return out

    def step(self, step):
        """Return the folder of a step."""
        return self.folder / "steps" / step

    def runner(self, step):
        """Return the process id of the runner of a step, or None."""
        try:
            return int((self.step(step) / "started").read_text().split()[0])
        except FileNotFoundError:
            return None

    def remove(self):
        shutil.rmtree(self.folder)

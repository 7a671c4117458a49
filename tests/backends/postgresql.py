"""A PostgreSQL server of our own, with durable commits, a password, and one database a test."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.backends.programs import Program, find, free_port

USER, PASSWORD = "brookline", "s3same-open"


class Postgresql:
    """A server; its files are removed at its end.

    Args:
        primary: Whose standby it is, if it is one.
    """

    def __init__(self, primary: Postgresql | None = None) -> None:
        folders = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
        programs = ("initdb", "postgres", "pg_basebackup")
        self._bin = {name: find(name, *folders) for name in programs}
        # Not in the folder of a test: others than root cannot get there, and root may not run it.
        self.folder = Path(tempfile.mkdtemp(prefix="brookline-postgresql-"))
        self.port = free_port()
        self._numbers = itertools.count(1)
        self._options = _as_somebody(self.folder)
        self._program = Program(self.folder, "server", **self._options)
        if primary is None:
            self._make()
        else:
            self._copy(primary)

    def start(self, *options: str) -> None:
        """Start it, with settings as in ``-c fsync=off``."""
        command = [
            self._bin["postgres"], "-D", str(self.folder / "data"), "-p", str(self.port),
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", *options,
        ]  # fmt: skip
        self._program.start(command, self._answers)

    def stop(self) -> None:
        self._program.end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a crash does; its processes see that, and end too."""
        self._program.end(signal.SIGQUIT)

    def pause(self) -> None:
        """Let nobody in, and let all who are in wait."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(self) -> str:
        """Return the URL of a store that nobody has used."""
        return f"{self.url('postgres')}?table=plane{next(self._numbers)}"

    def url(self, database: str = "", *, user: str = USER, password: str = PASSWORD) -> str:
        """Return the URL of a database, a new one if none is named."""
        if not database:
            database = f"plane{os.getpid()}_{next(self._numbers)}"
            self.execute(f"CREATE DATABASE {database}")
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, sql: str, database: str = "postgres") -> str:
        """Run some SQL as the superuser; return what it printed."""
        environment = os.environ | {"PGPASSWORD": PASSWORD}
        command = [
            find("psql"), "-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.port),
            "-U", USER, "-v", "ON_ERROR_STOP=1", "-c", sql, database,
        ]  # fmt: skip
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _make(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        command = [
            self._bin["initdb"], "-D", str(self.folder / "data"), "-U", USER, "--no-sync",
            "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8",
            # An order that is not that of the bytes.
            "--locale-provider=icu", "--icu-locale=en",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._options)
        assert done.returncode == 0, done.stderr

    def _copy(self, primary: Postgresql) -> None:
        command = [
            self._bin["pg_basebackup"], "-D", str(self.folder / "data"), "-h", "127.0.0.1",
            "-p", str(primary.port), "-U", USER, "--write-recovery-conf", "--checkpoint=fast",
            "--no-sync",
        ]  # fmt: skip
        environment = os.environ | {"PGPASSWORD": PASSWORD}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, **self._options
        )
        assert done.returncode == 0, done.stderr

    def _answers(self) -> bool:
        ready = [find("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def _signal_all(self, number: signal.Signals) -> None:
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        os.kill(postmaster, number)
        for pid in map(int, children):
            with contextlib.suppress(ProcessLookupError):  # that of a client who has gone
                os.kill(pid, number)


def _as_somebody(folder: Path) -> dict[str, Any]:
    """Return with whose rights it is to run: PostgreSQL refuses root's."""
    if os.getuid() != 0:
        return {"cwd": folder}
    entry = pwd.getpwnam("postgres" if _is_user("postgres") else "nobody")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {
        "cwd": folder, "user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [],
    }  # fmt: skip


def _is_user(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())

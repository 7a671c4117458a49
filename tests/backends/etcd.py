"""An etcd cluster of our own, of one member as a rule, and a prefix for each test."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import tempfile
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.backends.programs import Program, find, free_port


@dataclass
class Member:
    """One process.

    Attributes:
        name: Of the member.
        program: Its process.
    """

    name: str
    program: Program
    port: int = field(default_factory=free_port)
    peer_port: int = field(default_factory=free_port)
    health_port: int = field(default_factory=free_port)

    @property
    def peer(self) -> str:
        return f"http://127.0.0.1:{self.peer_port}"

    def is_well(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.health_port}/health"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return b'"true"' in answer.read()
        except OSError:
            return False


class Etcd:
    """A cluster; its files are removed at its end.

    Args:
        options: For the processes, such as those of TLS.
        scheme: ``https`` with TLS.
        members: How many.
    """

    def __init__(self, *options: str, scheme: str = "http", members: int = 1) -> None:
        self._path = find("etcd")
        self.folder = Path(tempfile.mkdtemp(prefix="brookline-etcd-"))
        self._options, self._scheme = options, scheme
        self._numbers = itertools.count(1)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ETCD")}
        env = kept | {"ETCD_UNSUPPORTED_ARCH": "arm64"}
        self.members = [
            Member(name, Program(self.folder, name, cwd=self.folder, env=env))
            for name in ("one", "two", "three")[:members]
        ]

    @property
    def port(self) -> int:
        return self.members[0].port

    def start(self) -> None:
        """Start all members that do not run."""
        for member in self.members[:-1]:
            self.start_member(member, wait=False)
        self.start_member(self.members[-1])
        for member in self.members:
            member.program.wait_until(member.is_well)

    def start_member(self, member: Member, *, wait: bool = True) -> None:
        if member.program.runs:
            return
        client = f"{self._scheme}://127.0.0.1:{member.port}"
        every = ",".join(f"{each.name}={each.peer}" for each in self.members)
        command = [
            self._path, "--name", member.name, "--data-dir", str(self.folder / member.name / "data"),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", member.peer, "--initial-advertise-peer-urls", member.peer,
            "--initial-cluster", every, "--log-level", "warn", "--logger", "zap",
            "--listen-metrics-urls", f"http://127.0.0.1:{member.health_port}", *self._options,
        ]  # fmt: skip
        member.program.start(command, member.is_well if wait else lambda: True)

    def kill(self) -> None:
        for member in self.members:
            member.program.end(signal.SIGKILL)

    def pause(self) -> None:
        for member in self.members:
            member.program.send(signal.SIGSTOP)

    def resume(self) -> None:
        for member in self.members:
            member.program.send(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tell(self, path: str, body: dict[str, Any]) -> Any:
        """Make a call to the first member's gateway, as its operator would; return its answer."""
        url = f"{self._scheme}://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(url, data=json.dumps(body).encode(), timeout=20) as answer:
            return json.loads(answer.read())

    def place(self) -> str:
        """Return the URL of a store that nobody has used."""
        return self.url(f"plane-{os.getpid()}-{next(self._numbers)}")

    def url(self, prefix: str, login: str = "") -> str:
        scheme = "etcds" if self._scheme == "https" else "etcd"
        hosts = ",".join(f"127.0.0.1:{member.port}" for member in self.members)
        return f"{scheme}://{login}{hosts}/{prefix}"

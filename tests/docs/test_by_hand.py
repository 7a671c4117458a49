"""The lines of README's section 'By hand', typed one after the other in an empty folder."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import urllib.request
from typing import TYPE_CHECKING

import pytest
from tests.docs.pages import ROOT, section, shell_lines
from tests.e2e.servers import BROOKLINE, eventually

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]

PATIENCE_S = 60


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


class Terminal:
    """A shell in a folder, in which servers go on in the background."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: list[subprocess.Popen[bytes]] = []
        kept = {k: v for k, v in os.environ.items() if not k.startswith("BROOKLINE_")}
        own = {"HOME": str(folder), "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
        self.environment = kept | own | {"PATH": f"{BROOKLINE.parent}:{os.environ['PATH']}"}

    def serve(self, line: str) -> None:
        """Start a server, and wait until it leads, or the master knows that it would follow."""
        [name] = re.findall(r"--home (\S+)", line)
        command = "exec " + line.removesuffix("&")
        self.servers.append(self._begin(command, subprocess.DEVNULL))
        eventually(line, lambda: self._has_its_place(name))

    def run(self, line: str) -> str:
        """Run a command to its end; return what it said."""
        done = self._ask(line)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    def watch(self, line: str, until: str) -> None:
        """Run a command that goes on, and interrupt it when it has said something."""
        process = self._begin(f"exec {line}", subprocess.PIPE)
        assert process.stdout is not None
        impatience = threading.Timer(PATIENCE_S, process.kill)
        impatience.start()
        assert any(re.search(until, said.decode()) for said in process.stdout), f"{line}: {until}"
        process.send_signal(signal.SIGINT)
        process.communicate()
        impatience.cancel()
        assert process.returncode == 0

    def close(self) -> None:
        for server in self.servers:
            with contextlib.suppress(ProcessLookupError):
                server.kill()
            server.wait()

    def _begin(self, command: str, output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, stdout=output,
            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def _has_its_place(self, name: str) -> bool:
        """Ask the master, which may be any of the nodes."""
        password = (self.folder / "n1" / "admin-password").read_text().strip()
        login = base64.b64encode(f"admin:{password}".encode()).decode()
        for address in self.folder.glob("*/address"):
            url = f"{address.read_text().strip()}/v1/server/ha/states"
            request = urllib.request.Request(url, headers={"Authorization": f"Basic {login}"})
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(request, timeout=PATIENCE_S) as answer,
            ):
                states = json.load(answer)
                nodes = [one for one in states["nodes"].values() if one["name"] == name]
                if states["ownId"] == states["masterId"]:
                    return any(one["isMaster"] or one["next"] == 0 for one in nodes)
        return False

    def _ask(self, line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", line], cwd=self.folder, env=self.environment, capture_output=True,
            stdin=subprocess.DEVNULL, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip


@pytest.fixture
def terminal(tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    made = Terminal(tmp_path)
    yield made
    made.close()


def test_what_the_readme_types_by_hand_works(terminal):
    text = section(ROOT / "README.md", "## By hand")
    text = text.replace("8081", free_port()).replace("8082", free_port())
    said = {}
    for line in shell_lines(text):
        if line.startswith(". "):
            continue  # the environment of these tests is the one that it enters
        if line.startswith("brookline server"):
            terminal.serve(line)
        elif "--watch" in line:
            terminal.watch(line, until="master n2|n2 leads")
        else:
            said[line] = terminal.run(line)

    by_start = {line.removeprefix("brookline "): text for line, text in said.items()}
    assert "RUNNING" in by_start["deploy examples/web.yaml --wait"]
    assert "n1→n2" in by_start["ha history"]
    assert "n1 leads" in by_start["ha switchover --to n1 --yes"]
    assert "RUNNING" in by_start["show Web"]
    assert '"status":"MASTER"' in next(text for line, text in said.items() if "ha/states" in line)
    assert [server.wait(PATIENCE_S) for server in terminal.servers] == [-signal.SIGKILL, 0, 0]

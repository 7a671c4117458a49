"""Runs commands in this process against a scripted plane that speaks real HTTP."""

from __future__ import annotations

import dataclasses
import json

import pytest
from tests.cli.backups import make_log

from brookline.cli.main import run
from brookline.testing.http_plane import HttpPlane


@dataclasses.dataclass(frozen=True)
class Ran:
    """What a command did."""

    status: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


@pytest.fixture
def plane():
    with HttpPlane("n1", "n2") as plane:
        n1, n2 = plane["n1"], plane["n2"]
        shared = {"host": "laptop", "version": "0.1.0", "mode": "AUTO", "tail": 9, "epoch": 3}
        n1.fields = shared | {"heartbeatAgeMs": 400, "next": None}
        n2.fields = shared | {"heartbeatAgeMs": 600, "lagMs": 12, "next": 0, "ready": True}
        yield plane


@pytest.fixture
def outside(monkeypatch, tmp_path):
    """Keep the commands away from the environment and the folders of who runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("URL", "USER", "PASSWORD", "CACERT", "INSECURE", "PERSISTENCE_DIR"):
        monkeypatch.delenv(f"BROOKLINE_{name}", raising=False)


@pytest.fixture
def brookline(plane, outside, capsys):
    """Runs a command against the plane; without `--url`, it is given both addresses."""

    def command(*arguments, urls=None):
        options = [word for url in urls or plane.urls for word in ("--url", url)]
        status = run([*options, *arguments])
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return command


@pytest.fixture
def log(tmp_path):
    """A plane in a folder; see `make_log`."""
    return make_log(tmp_path / "store")


@pytest.fixture
def backup(outside, capsys):
    def command(*arguments):
        status = run(["backup", *map(str, arguments)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


@pytest.fixture
def file(log, backup, tmp_path):
    path = tmp_path / "made.zip"
    assert backup("create", "--persistence-dir", log.folder, "--to", path)[0] == 0
    return path

"""The example of the page on operations, with its master dying at every place of it."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys

import pytest
from tests.docs.pages import DOCS, named_files
from tests.entities.conftest import TYPES, House

from brookline.journal.queue import Decision
from brookline.management.opening import opening
from brookline.model.types import Types
from brookline.operations.ledger import Ledger
from brookline.operations.task import Status
from brookline.testing.recorder import MemoryRecorder

PAGE = DOCS / "operations.md"
BLUEPRINT = """
location: LOCALHOST
services:
- type: org.example.Notes
  name: notes
  brooklyn.config:
    notes.board: BOARD
    customize.command: mkdir notes; echo one >notes/1
    launch.command: "true"
    checkRunning.command: ""
    shell.env: {PATH: "BIN:/usr/bin:/bin"}
"""
TAR = """#!/bin/sh
echo packed >>TRACE
exec /usr/bin/env -i PATH=/usr/bin:/bin tar "$@"
"""


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "notes.py"
    path.write_text(named_files(PAGE)["notes.py"])
    spec = importlib.util.spec_from_file_location("notes", path)
    made = importlib.util.module_from_spec(spec)
    sys.modules["notes"] = made
    spec.loader.exec_module(made)
    yield made
    del sys.modules["notes"]


@pytest.fixture
def blueprint(tmp_path):
    """Return a blueprint whose `tar` notes that it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "tar").write_text(TAR.replace("TRACE", str(tmp_path / "trace")))
    (folder / "tar").chmod(0o755)
    return BLUEPRINT.replace("BOARD", str(tmp_path / "board")).replace("BIN", str(folder))


class Dies(Exception):
    """The process ends here."""


class Mortal(Ledger):
    """Commits a number of times, and then the master dies: before or after that commit."""

    left = 10**9
    after = False
    died = None

    async def _commit(self, running, decide):
        type(self).left -= 1
        if self.left == 0 and not self.after:
            await self._die()
        answer = await super()._commit(running, decide)
        if self.left == 0 and self.after:
            await self._die()
        return answer

    async def _die(self):
        type(self).died.set()
        await asyncio.Event().wait()


def test_it_has_no_wrong_types(tmp_path, module):
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"),
         "--config-file", "", str(tmp_path / "notes.py")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("commits", range(1, 10))
async def test_wherever_its_master_dies_it_is_done_once(
    tmp_path, module, blueprint, monkeypatch, commits, after
):
    monkeypatch.setattr("tests.entities.conftest.TYPES", Types([*TYPES.classes(), module.Notes]))
    monkeypatch.setattr("brookline.operations.supervisor.Ledger", Mortal)
    recorder = MemoryRecorder()
    first = await House(tmp_path, recorder).open()
    await first.deploy(blueprint)
    Mortal.left, Mortal.after, Mortal.died = commits, after, asyncio.Event()
    task = await first.begin(first.named("notes"), "archive")
    ended = asyncio.ensure_future(task.wait())
    died = asyncio.ensure_future(Mortal.died.wait())
    await asyncio.wait({ended, died}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    Mortal.left = 10**9
    recorder.leads = False
    await first.close()
    recorder.leads = True
    for item in opening(recorder.records, 5000).items:
        await recorder.commit(lambda _view, item=item: Decision(item.changes))
    second = await House(tmp_path, recorder).open()
    task = second.tasks.get(task.id)
    assert await task.wait(20)
    assert task.status is Status.COMPLETED, task.error
    died.cancel()

    [line] = (tmp_path / "board").read_text().splitlines()
    assert line.startswith(f"{task.result} has ")
    assert second.named("notes").sensors["notes.last"] == task.result
    assert (tmp_path / "trace").read_text() == "packed\n"
    for application in second.live.applications():
        await (await second.begin(application, "stop")).wait(20)
    await second.close()

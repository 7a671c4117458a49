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
from brookline.operations.operation import current
from brookline.operations.task import Status
from brookline.testing.recorder import MemoryRecorder
from brookline.values.clock import SystemClock

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
echo packs >&2
while test -e GATE; do sleep 0.02; done
echo goes on >&2
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
    text = TAR.replace("TRACE", str(tmp_path / "trace")).replace("GATE", str(tmp_path / "gate"))
    (folder / "tar").write_text(text)
    (folder / "tar").chmod(0o755)
    return BLUEPRINT.replace("BOARD", str(tmp_path / "board")).replace("BIN", str(folder))


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


class Later(SystemClock):
    """The clock of a master that comes later, and does not really wait for long.

    Attributes:
        slept: How long operations have waited on it, in seconds.
    """

    def __init__(self, by_s):
        self._by_ms = by_s * 1000
        self.slept = []

    def wall_ms(self):
        return super().wall_ms() + self._by_ms

    async def sleep(self, seconds):
        if current() is None:
            await super().sleep(seconds)
        else:
            self.slept.append(seconds)


class Plane:
    """Masters that follow each other on the same records, and an archive that is being made."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self._patch = monkeypatch
        self._recorder = MemoryRecorder()
        self._masters = []

    async def deploy(self, blueprint):
        """Deploy the notes on a first master, and return it."""
        house = await self._open()
        await house.deploy(blueprint)
        return house

    async def begin(self, **params):
        """Begin an archive; return its task."""
        house = self._masters[-1]
        return await house.begin(house.named("notes"), "archive", **params)

    async def replaced(self, task, clock=None):
        """End the master, as one ends whose process dies; return the next one, and its task."""
        self._recorder.leads = False
        await self._masters[-1].close()
        self._recorder.leads = True
        for item in opening(self._recorder.records, 5000).items:
            await self._recorder.commit(lambda _view, item=item: Decision(item.changes))
        if clock is not None:
            self._patch.setattr("tests.entities.conftest.CLOCK", clock)
        house = await self._open()
        return house, house.tasks.get(task.id)

    async def _open(self):
        folder = self.folder / f"master{len(self._masters)}"
        self._masters.append(await House(folder, self._recorder).open())
        return self._masters[-1]

    def judge(self, task):
        """See that it is done once, and whole."""
        assert task.status is Status.COMPLETED, task.error
        [line] = (self.folder / "board").read_text().splitlines()
        assert line.startswith(f"{task.result} has ")
        assert self._masters[-1].named("notes").sensors["notes.last"] == task.result
        assert (self.folder / "trace").read_text() == "packed\n"

    async def close(self):
        house = self._masters[-1]
        for application in house.live.applications():
            await (await house.begin(application, "stop")).wait(20)
        await house.close()


@pytest.fixture
async def plane(tmp_path, module, monkeypatch):
    monkeypatch.setattr("tests.entities.conftest.TYPES", Types([*TYPES.classes(), module.Notes]))
    made = Plane(tmp_path, monkeypatch)
    yield made
    await made.close()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("commits", range(1, 10))
async def test_wherever_its_master_dies_it_is_done_once(
    plane, blueprint, monkeypatch, commits, after
):
    monkeypatch.setattr("brookline.operations.supervisor.Ledger", Mortal)
    await plane.deploy(blueprint)
    Mortal.left, Mortal.after, Mortal.died = commits, after, asyncio.Event()
    task = await plane.begin()
    ended = asyncio.ensure_future(task.wait())
    died = asyncio.ensure_future(Mortal.died.wait())
    await asyncio.wait({ended, died}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    Mortal.left = 10**9
    _, task = await plane.replaced(task)
    assert await task.wait(20)
    died.cancel()
    plane.judge(task)


async def test_while_tar_runs_the_next_master_attaches_and_its_output_goes_on(
    plane, blueprint, until
):
    gate = plane.folder / "gate"
    gate.touch()
    first = await plane.deploy(blueprint)
    task = await plane.begin()
    await until(lambda: written(first, task) == b"packs\n")

    second, task = await plane.replaced(task)
    await until(lambda: written(second, task) == b"packs\n")
    gate.unlink()

    assert await task.wait(20)
    assert written(second, task) == b"packs\ngoes on\n"
    assert (task.taken["attached"], task.taken.get("resumed", 0)) == (1, 0)
    plane.judge(task)


async def test_in_the_pause_the_rest_of_it_is_waited(plane, blueprint, until):
    await plane.deploy(blueprint)
    task = await plane.begin(pause=1000)
    await until(lambda: task.waits_for == "for a pause to end")

    clock = Later(600)
    _, task = await plane.replaced(task, clock)

    assert await task.wait(20)
    [slept] = clock.slept
    assert 0 < slept <= 400
    plane.judge(task)


def pack(task):
    """Return the step that runs `tar`, or None."""
    return next((part for part in task.children if part.name == "pack"), None)


def written(house, task):
    """Return what `tar` has written to stderr, as a master has it; nothing before it runs there."""
    step = pack(task)
    return b"".join(house.streams.read(step.id, "stderr")) if step else b""

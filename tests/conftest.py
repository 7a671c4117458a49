"""What tests of several rooms use."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.matrix import times

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

PATIENCE_S = 60.0
"""For what must happen, on a machine that has much else to do."""


def pytest_configure() -> None:
    """Take note of signals instead of ignoring them, as behind ``nohup`` or ``&``.

    What is ignored is ignored by all that the tests start, too; a handler is not passed on.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over all that is there now and stays to the end.

    Each simulation collects garbage when it ends, and would look through thousands of tests for it.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Spell out in what was captured what is no text, which pytest-xdist cannot send and dies of."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Leave beside the names of what failed how the run ended, for ``.ci/again``."""
    cache = getattr(session.config, "cache", None)  # not there if its plugin is off
    if cache is not None and not hasattr(session.config, "workerinput"):
        cache.set("run/ended", int(exitstatus))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long the cells of the matrix took."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    if line := times.said(reports):
        terminalreporter.write_line(line)


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Any]:
    """Waits for what tells nobody that it holds."""

    async def wait(holds: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110 - what is awaited tells nobody
                await asyncio.sleep(0.002)

    return wait


@pytest.fixture
def removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be in a folder that was removed."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    yield
    os.chdir("/")


@pytest.fixture
def pids() -> Iterator[list[int]]:
    """Pids that a test read from its processes; what is left of them ends with the test."""
    found: list[int] = []
    yield found
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not reaped yet does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Tells whether a process runs."""
    if sys.platform != "linux":
        pytest.skip("looks at /proc")
    return is_alive

"""A writer that is killed at any system call leaves all of an entry or nothing of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brookline.stores.files import Files
from brookline.stores.folder import Folder
from brookline.stores.store import CREATED, EXISTS

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = Path(__file__).parent / "dying_writer.py"
KEY = "journal/0000003/0000003000"
BEAT = "node/abcdefghij"
ENTRY = "entry of one who dies " * 400
CREATE_CALLS, PUT_CALLS = 17, 5


def start(root, operation: str, key: str, fatal: int, moment: str) -> subprocess.Popen[bytes]:
    root.mkdir(exist_ok=True)
    arguments = [str(root), operation, key, ENTRY, str(fatal), moment]
    return subprocess.Popen([sys.executable, str(PROGRAM), *arguments], stdout=subprocess.PIPE)


def end(writers: Sequence[subprocess.Popen[bytes]]) -> list[tuple[int, str]]:
    """Wait for all; return how each ended and what it said."""
    said = [writer.communicate()[0].decode().strip() for writer in writers]
    return [(writer.returncode, words) for writer, words in zip(writers, said, strict=True)]


KILLED = (-signal.SIGKILL, "")


@pytest.mark.parametrize(
    ("operation", "key", "calls"),
    [pytest.param("create", KEY, CREATE_CALLS), pytest.param("put", BEAT, PUT_CALLS)],
)
def test_a_writer_that_lives_makes_as_many_calls_as_are_tried_below(
    tmp_path, operation, key, calls
):
    writer = start(tmp_path, operation, key, 0, "before")
    assert end([writer]) == [(0, str(calls))]
    assert Folder(Files(str(tmp_path))).get(key) == ENTRY.encode()


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "amid", "after"])
def test_no_torn_entry_is_ever_visible(tmp_path, moment):
    numbers = range(1, CREATE_CALLS + 1)
    writers = [start(tmp_path / str(n), "create", KEY, n, moment) for n in numbers]
    assert end(writers) == [KILLED] * CREATE_CALLS
    seen = {look_after_crash(Folder(Files(str(tmp_path / str(n))))) for n in numbers}
    assert seen == {"absent", "whole"}


def look_after_crash(survivor: Folder) -> str:
    """Check what another node finds, and that the slot goes on to have one winner."""
    found = survivor.get(KEY)
    assert found in (None, ENTRY.encode())
    assert survivor.keys("", "") == ([KEY] if found else [])
    if found:
        survivor.settle(KEY)
    outcome = survivor.create(KEY, b"entry of the survivor")
    assert outcome == (EXISTS if found else CREATED)
    assert survivor.get(KEY) == (found or b"entry of the survivor")
    return "whole" if found else "absent"


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "amid", "after"])
def test_no_torn_heartbeat_is_ever_visible(tmp_path, moment):
    roots = [tmp_path / str(n) for n in range(1, PUT_CALLS + 1)]
    for root in roots:
        root.mkdir()
        Folder(Files(str(root))).put(BEAT, b"the beat before")
    writers = [start(root, "put", BEAT, n, moment) for n, root in enumerate(roots, 1)]
    assert end(writers) == [KILLED] * PUT_CALLS
    folders = [Folder(Files(str(root))) for root in roots]
    assert [folder.keys("node/", "") for folder in folders] == [[BEAT]] * PUT_CALLS
    seen = {folder.get(BEAT) for folder in folders}
    before, whole = b"the beat before", ENTRY.encode()
    assert seen == ({before, whole} if moment == "after" else {before})

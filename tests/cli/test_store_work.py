"""Moving planes between folders: what is seen before anything is closed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest
from tests.journal.folders import FolderLog
from tests.journal.house import put

from brookline.cli import store_work
from brookline.cli.exits import Exit
from brookline.cli.store_work import Wish, moved
from brookline.errors import Damaged
from brookline.journal.keys import PLANE
from brookline.journal.moving import Move


@pytest.fixture
def log(tmp_path):
    log = FolderLog(tmp_path / "old")
    log.lead()
    log.snapshot()
    log.put(put("a", n=1))
    log.put(put("b", n=2))
    log.snapshot()
    log.put(put("c", n=3))
    return log


def copied(log, target, **more):
    wish = {"online": False, "keep": False, **more}
    return asyncio.run(moved(Wish(str(log.folder), str(target), **wish), lambda _: None))


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("online", [False, True])
@pytest.mark.parametrize("keep", [False, True])
def test_a_log_with_an_old_damage_stays_open_and_is_moved_once_it_is_mended(
    log, tmp_path, online, keep
):
    sound = log.file(4).read_bytes()  # between both snapshots: no node reads it any more
    log.file(4).write_bytes(sound[:-9] + b"x" + sound[-8:])
    before = files(log.folder)
    with pytest.raises(Damaged, match=r"not sound: .*0000000004"):
        copied(log, tmp_path / "new", online=online, keep=keep)
    assert files(log.folder) == before
    assert not (tmp_path / "new" / PLANE).exists()

    log.file(4).write_bytes(sound)
    found = copied(log, tmp_path / "newer", online=online, keep=keep)
    assert found.last == log.replica.seq
    assert (tmp_path / "newer" / PLANE).exists()


def test_a_snapshot_that_was_copied_before_the_entries_that_it_follows_is_no_damage(
    log, tmp_path, monkeypatch
):
    """The master took it after the entries were listed."""
    later = {log.file(seq): log.file(seq).read_bytes() for seq in (4, 5, 6, 7)}

    class Early(Move):
        async def look(self):
            found = await super().look()
            for path in later:
                path.unlink()
            return found

        async def copy(self):
            count = await super().copy()
            for path, data in later.items():
                path.write_bytes(data)
            return count

    monkeypatch.setattr(store_work, "Move", Early)
    assert copied(log, tmp_path / "new").last == log.replica.seq == 7


@pytest.mark.slow
def test_of_several_commands_at_once_one_store_is_opened(log, tmp_path):
    targets = ["x", "y", "x", "y"]
    program = "from brookline.cli.main import main; main()"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BROOKLINE_")}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, "store", "copy", "old", to, "--yes"], cwd=tmp_path,
            env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for to in targets
    ]  # fmt: skip
    said = [one.communicate()[0] for one in running]
    (won,) = [to for to in ("x", "y") if (tmp_path / to / PLANE).exists()]
    for to, one, told in zip(targets, running, said, strict=True):
        if to != won:
            assert one.returncode == Exit.CONFLICT, told
            assert f"the plane has moved to {tmp_path / won} already" in told
        elif one.returncode:
            assert "has moved there already" in told
    assert 0 in [one.returncode for one in running]

"""Several restores into one store at once: one begins a plane there, and nothing of the others is left."""

from __future__ import annotations

import asyncio
import shutil

import pytest
from tests.cli.backups import make_log, read

from brookline.cli.main import run
from brookline.cli.restore_work import Restored, Wish, restored
from brookline.errors import Conflict


@pytest.fixture
def wishes(log, tmp_path):
    """Two of one plane, of different points, and one of another plane."""
    other = make_log(tmp_path / "other", "planeother")
    pairs = ((log, 3), (log, None), (other, None))
    into = str(tmp_path / "new")
    return [Wish(str(one.folder), into, seq=seq, beside=True) for one, seq in pairs]


def test_of_restores_at_once_one_begins_a_plane_and_the_others_leave_nothing(wishes, tmp_path):
    async def at_once():
        works = (restored(wish, lambda _: None) for wish in wishes)
        return await asyncio.gather(*works, return_exceptions=True)

    for _ in range(5):
        ended = asyncio.run(at_once())
        (winner,) = (one for one in ended if isinstance(one, Restored))
        assert [type(one) for one in ended if one is not winner] == [Conflict, Conflict]
        assert read(tmp_path / "new").plane == winner.plane
        assert len(list((tmp_path / "new" / "snapshot").iterdir())) == 1
        assert run(["journal", "verify", "--persistence-dir", str(tmp_path / "new")]) == 0
        shutil.rmtree(tmp_path / "new")


def test_what_a_restore_that_was_cut_short_has_left_is_refused(backup, log, tmp_path):
    assert backup("restore", log.folder, tmp_path / "new")[0] == 0
    for key in ("plane", "journal", "snapshot"):
        path = tmp_path / "new" / key
        path.unlink() if path.is_file() else shutil.rmtree(path)
        status, _, err = backup("restore", log.folder, tmp_path / "new")
        assert status == 16
        assert "perhaps of a copy that was cut short" in err
    shutil.rmtree(tmp_path / "new")
    assert backup("restore", log.folder, tmp_path / "new")[0] == 0


def test_a_copy_and_a_restore_do_not_mix(backup, log, tmp_path):
    assert backup("restore", log.folder, tmp_path / "new")[0] == 0
    for key in ("journal", "snapshot"):
        shutil.rmtree(tmp_path / "new" / key)
    (tmp_path / "new" / "plane").unlink()
    assert run(["store", "copy", str(log.folder), str(tmp_path / "new"), "--yes"]) == 16
    assert not (tmp_path / "new" / "journal").exists()

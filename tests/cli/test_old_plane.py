"""brookline backup restore: the old plane is not replaced where it lives, or where that cannot be seen."""

from __future__ import annotations

import shutil

import pytest
from tests.cli.backups import beating, make_log

from brookline.cli.main import run
from brookline.wire.entries import Fence

SAID = "it cannot be seen whether the old plane lives: "


@pytest.fixture
def moved(log, file, tmp_path, capsys):
    """The folder to which the plane has gone since the backup."""
    assert run(["store", "copy", str(log.folder), str(tmp_path / "moved"), "--yes"]) == 0
    capsys.readouterr()
    return tmp_path / "moved"


@pytest.fixture
def refused(backup, tmp_path):
    """Restores, which is to be refused; returns why."""

    def restore(source, *options):
        status, _, err = backup("restore", source, tmp_path / "new", *options)
        assert status == 16
        assert not (tmp_path / "new").exists()
        return err

    return restore


@pytest.mark.parametrize("source", ["backup", "closed store", "backup of the closed store"])
def test_a_plane_that_lives_where_it_has_moved_is_not_replaced(
    backup, file, log, moved, refused, tmp_path, source
):
    if source == "closed store":
        file = log.folder
    elif source == "backup of the closed store":
        file = tmp_path / "late.zip"
        assert backup("create", "--persistence-dir", log.folder, "--to", file)[0] == 0
        shutil.rmtree(log.folder)
    with beating(moved, name="n7"):
        said = refused(file)
        assert f"the plane has moved, and in {moved} lives: node n7 beats" in said
        assert "lives: node n7 beats" in refused(file, "--although-unseen")
        status, _, err = backup("restore", file, "--dry-run")
        assert status == 0
        assert "this would be refused: the plane has moved" in err
    assert backup("restore", file, tmp_path / "new")[0] == 0, "now it does not beat any more"


def test_a_place_to_which_the_plane_has_moved_and_that_is_not_there_is_not_seen(
    file, moved, refused, tmp_path
):
    moved.rename(tmp_path / "elsewhere")
    assert f"{SAID}there is no folder {moved}. If no node of it runs" in refused(file)


@pytest.mark.parametrize("now", ["gone", "empty", "another", "damaged at its end", "in a circle"])
def test_what_cannot_be_seen_is_not_dead_unless_somebody_says_so(
    backup, file, log, refused, tmp_path, now
):
    folder = log.folder
    if now == "damaged at its end":
        log.file(6).write_bytes(b"x")
    elif now == "in a circle":
        log.append(Fence(name="n1", reason="moved", moved=str(folder)), node="other", epoch=2)
    else:
        shutil.rmtree(folder)
    if now == "empty":
        folder.mkdir()
    if now == "another":
        make_log(folder, "planeother")
    why = {
        "gone": f"there is no folder {folder}",
        "empty": f"{folder} holds no plane now",
        "another": f"{folder} holds plane planeother, not planeabcde, now",
        "damaged at its end": "entry journal/0000000/0000000006",
        "in a circle": "it has moved in a circle",
    }[now]
    said = refused(file)
    assert SAID in said
    assert why in said
    assert "If no node of it runs, give --although-unseen; if it shall go on, --beside" in said
    status, _, err = backup("restore", file, "--dry-run")
    assert status == 0
    assert f"this would be refused: {SAID}" in err
    assert backup("restore", file, tmp_path / "one", "--beside")[0] == 0
    status, _, err = backup("restore", file, tmp_path / "two", "--although-unseen")
    assert status == 0, err
    assert f"note: {SAID}" in err


def test_another_plane_that_lives_in_its_store_is_no_sign_of_life_of_this_one(
    backup, file, log, refused, tmp_path
):
    shutil.rmtree(log.folder)
    make_log(log.folder, "planeother")
    with beating(log.folder, name="n7"):
        assert f"{log.folder} holds plane planeother, not planeabcde, now" in refused(file)
        assert backup("restore", file, tmp_path / "new", "--although-unseen")[0] == 0


def test_a_copy_that_was_kept_does_not_tell_whether_its_plane_lives(
    backup, log, refused, tmp_path, capsys
):
    kept = tmp_path / "kept"
    assert run(["store", "copy", str(log.folder), str(kept), "--keep", "--yes"]) == 0
    capsys.readouterr()
    assert f"{SAID}{kept} is a copy that was kept" in refused(kept)
    assert backup("restore", kept, tmp_path / "new", "--although-unseen")[0] == 0

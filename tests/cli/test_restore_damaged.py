"""brookline backup restore of a damaged log: what lies before the damage can be had."""

from __future__ import annotations

import zipfile

import pytest
from tests.cli.backups import entity, read

from brookline.cli.times import stamp
from brookline.wire.changes import Put
from brookline.wire.entries import Fence


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("option", [("--seq", 4), ("--at", 4), ("--at", 6)])
def test_a_point_before_a_damage_is_restored(backup, log, tmp_path, option):
    """Also the moment of a later entry stands for the last point before the damage."""
    flip(log.file(5))
    if option[0] == "--at":
        option = ("--at", stamp(log.wall_ms(option[1])))
    status, out, err = backup("restore", log.folder, "--dry-run", *option)
    assert status == 0, err
    assert "as of entry 4" in out
    assert "what came after entry 4 could not be read: entry journal/0000000/0000000005" in out
    assert backup("restore", log.folder, tmp_path / "new", *option)[0] == 0
    names = [one["name"] for one in read(tmp_path / "new").records.all("entity").values()]
    assert names == ["web", "db"]


def test_a_moment_behind_a_damage_is_told_to_be_before_it(backup, log, tmp_path):
    log.snapshot()
    flip(log.file(5))
    status, out, err = backup(
        "restore", log.folder, tmp_path / "new", "--at", stamp(log.wall_ms(5) + 30_000)
    )
    assert status == 0, err
    assert "as of entry 4" in out
    assert "could not be read" not in out, "the snapshot says what is newer"
    assert "entry 4 is the last point before that" in err


def test_a_member_of_a_backup_that_is_broken_is_in_nobodys_way(backup, file, log, tmp_path):
    data = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as zipped:
        at = zipped.getinfo("journal/0000000/0000000005").header_offset + 100
    data[at] ^= 255
    file.write_bytes(bytes(data))
    for number, option in enumerate((("--seq", 4), ("--at", stamp(log.wall_ms(4))))):
        status, _, err = backup("restore", file, tmp_path / f"new{number}", *option)
        assert status == 0, err
    assert backup("verify", file)[0] == 3


def test_what_lies_between_a_point_and_a_damage_is_told(backup, log):
    flip(log.file(6))
    status, out, _ = backup("restore", log.folder, "--dry-run", "--seq", 3)
    assert status == 0
    assert "what came after entry 5 could not be read" in out
    assert "up to entry 5, is not in it:" in out
    assert "application db was deployed" in out


def test_the_newest_point_is_not_taken_for_another_one(backup, log, tmp_path):
    flip(log.file(5))
    status, _, err = backup("restore", log.folder, tmp_path / "new")
    assert status == 3
    assert "entry 4 can be restored: --seq 4" in err
    assert not (tmp_path / "new").exists()


def test_an_epoch_behind_a_damage_is_outranked(backup, log, tmp_path):
    late = 4_000_000_000  # later than the second of now, which is the epoch otherwise
    log.append(Fence(name="n2", reason="first start"), node="n2", epoch=late)
    flip(log.file(5))
    assert backup("restore", log.folder, tmp_path / "new", "--seq", 4)[0] == 0
    assert read(tmp_path / "new").epoch == late + 1


def test_a_damaged_older_snapshot_is_in_nobodys_way(backup, log, tmp_path):
    older = log.snapshot()
    log.put(Put("entity", "dbapp00002", entity("db2", "dbapp00002")))
    log.snapshot()
    flip(log.folder / older)
    assert backup("restore", log.folder, tmp_path / "one", "--seq", 7)[0] == 0
    at = stamp(log.wall_ms(8))
    assert backup("restore", log.folder, tmp_path / "two", "--at", at)[0] == 0
    flip(log.file(5))
    status, out, err = backup("restore", log.folder, tmp_path / "three", "--at", at)
    assert status == 0, err
    assert "as of entry 8" in out
    status, out, err = backup(
        "restore", log.folder, tmp_path / "four", "--at", stamp(log.wall_ms(7))
    )
    assert status == 0, err
    assert "as of entry 4" in out
    assert "0000000005 is damaged" in err
    assert "entry 4 is the last point before that" in err


@pytest.fixture
def thinned(file, tmp_path):
    """Makes a backup from which some entries were taken out."""

    def make(*gone):
        path = tmp_path / "thinned.zip"
        with zipfile.ZipFile(file) as whole, zipfile.ZipFile(path, "w") as part:
            for name in whole.namelist():
                if not name.endswith(tuple(f"{seq:010}" for seq in gone)):
                    part.writestr(name, whole.read(name))
        return path

    return make


@pytest.mark.parametrize("gone", [(5,), (5, 6), (6,)])
def test_points_before_what_was_taken_out_of_a_backup_are_restored(
    backup, thinned, log, tmp_path, gone
):
    path, first = thinned(*gone), gone[0]
    missing = f"entry journal/0000000/000000000{first} is missing"
    status, _, err = backup("restore", path, tmp_path / "new")
    assert status == 3
    assert f"{missing}; entry {first - 1} can be restored: --seq {first - 1}" in err
    assert not (tmp_path / "new").exists()
    for number, option in enumerate((("--seq", first - 1), ("--at", stamp(log.wall_ms(6))))):
        folder = tmp_path / f"new{number}"
        status, out, err = backup("restore", path, folder, *option)
        assert status == 0, err
        assert f"7 keys were put in, {7 - len(gone)} are there" in err
        assert f"as of entry {first - 1}" in out
        assert "(the newest is 6)" in out
        assert f"what came after entry {first - 1} could not be read: {missing}" in out
        assert read(folder).seq == first + 1
    assert f"{missing}: entry {first - 1} is the last point before that" in err
    assert backup("restore", path, tmp_path / "no", "--seq", "6")[0] in (2, 3)
    assert backup("verify", path)[0] == 3


def test_an_older_entry_that_was_taken_out_is_in_nobodys_way(backup, log, file, tmp_path):
    log.snapshot()
    late, thinned = tmp_path / "late.zip", tmp_path / "thinned.zip"
    assert backup("create", "--persistence-dir", log.folder, "--to", late)[0] == 0
    with zipfile.ZipFile(late) as whole, zipfile.ZipFile(thinned, "w") as part:
        for name in whole.namelist():
            if not name.endswith("0000000003"):
                part.writestr(name, whole.read(name))
    status, out, err = backup("restore", thinned, tmp_path / "new")
    assert status == 0, err
    assert "as of entry 7" in out
    assert "does not hold what its manifest says" in err


def test_the_end_of_a_log_behind_a_gap_is_not_forgotten(backup, log, tmp_path):
    log.file(5).unlink()
    missing = "entry journal/0000000/0000000005 is missing"
    status, _, err = backup("restore", log.folder, tmp_path / "new")
    assert status == 3
    assert f"{missing}; entry 4 can be restored: --seq 4" in err
    status, out, err = backup("restore", log.folder, tmp_path / "new", "--seq", 4)
    assert status == 0, err
    assert f"what came after entry 4 could not be read: {missing}" in out

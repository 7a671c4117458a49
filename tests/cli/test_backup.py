"""brookline backup, on journals in real folders."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import stat
import tracemalloc
import zipfile

import pytest
from tests.cli.backups import APP, TASK, beating, read, task
from tests.journal.folders import CLOCK

from brookline.cli.main import run
from brookline.cli.times import stamp
from brookline.journal import snapshot
from brookline.journal.backups import FORMAT, VERSION, BackupWriter, Manifest
from brookline.wire.changes import Put


def test_a_backup_is_one_private_file_that_is_whole(log, backup, file):
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    status, out, _ = backup("verify", file)
    assert status == 0
    assert "read 6 entries (1 to 6, 1 fences)" in out
    with zipfile.ZipFile(file) as zipped:
        assert zipped.read("journal/0000000/0000000003") == log.file(3).read_bytes()


def test_it_gets_a_name_in_a_folder_and_is_listed(log, backup, tmp_path):
    status, out, _ = backup("create", "--persistence-dir", log.folder, "-o", "json")
    name = json.loads(out)["file"]
    assert status == 0
    assert re.fullmatch(r"\d{8}-\d{6}-planeabcde-custom-[a-z0-9]{4}\.zip", name)
    (tmp_path / name.replace("custom", "promotion")).write_bytes(b"x")
    status, out, _ = backup("list", tmp_path)
    assert status == 0
    assert "planeabcde" in out
    assert "is no backup that can be read" in out


def test_a_file_that_is_there_stays(log, backup, file, tmp_path):
    before = file.read_bytes()
    status, _, err = backup("create", "--persistence-dir", log.folder, "--to", file)
    assert status == 16
    assert "is there already" in err
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir() if "made" in one.name] == ["made.zip"]


def test_of_a_damaged_store_there_is_no_backup(log, backup, tmp_path):
    log.file(4).write_bytes(b"x")
    status, _, err = backup("create", "--persistence-dir", log.folder, "--to", tmp_path / "b.zip")
    assert status == 3
    assert "no backup was made" in err
    assert not (tmp_path / "b.zip").exists()


def test_what_was_taken_out_of_a_backup_is_noticed(backup, file, tmp_path):
    thinned = tmp_path / "thinned.zip"
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(thinned, "w") as part:
        for name in whole.namelist():
            if not name.endswith("06"):
                part.writestr(name, whole.read(name))
    status, _, err = backup("verify", thinned)
    assert status == 3
    assert "7 keys were put in, 6 are there" in err


@pytest.mark.parametrize("part", [0.02, 0.5, 0.99])
def test_a_backup_that_was_cut_short_is_damaged(backup, file, tmp_path, part):
    cut = tmp_path / "cut.zip"
    cut.write_bytes(file.read_bytes()[: round(file.stat().st_size * part)])
    for command in (("verify", cut), ("restore", cut, "--dry-run")):
        status, _, err = backup(*command)
        assert status == 3
        assert "is damaged, or was cut short" in err
    cut.write_bytes(b"not even a zip")
    assert backup("verify", cut)[0] == 2


@pytest.mark.parametrize(
    ("name", "packing"),
    [
        ("manifest.json", zipfile.ZIP_DEFLATED),
        ("manifest.json", zipfile.ZIP_BZIP2),
        ("journal/0000000/0000000003", zipfile.ZIP_DEFLATED),
        ("journal/0000000/0000000003", zipfile.ZIP_LZMA),
        ("snapshot/", zipfile.ZIP_DEFLATED),
    ],
)
def test_a_backup_that_would_unpack_to_very_much_is_not_unpacked(
    backup, log, tmp_path, name, packing
):
    log.snapshot()
    whole, hostile = tmp_path / "whole.zip", tmp_path / "hostile" / "b.zip"
    assert backup("create", "--persistence-dir", log.folder, "--to", whole)[0] == 0
    hostile.parent.mkdir()
    with zipfile.ZipFile(whole) as read, zipfile.ZipFile(hostile, "w") as written:
        for one in read.namelist():
            if one.startswith(name):
                written.writestr(one, bytes(200 << 20), packing)
            else:
                written.writestr(one, read.read(one))
    assert hostile.stat().st_size < 1 << 20
    for command in (
        ("list", hostile.parent),
        ("verify", hostile),
        ("restore", hostile, "--dry-run"),
    ):
        tracemalloc.start()
        try:
            status, out, err = backup(*command)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 64 << 20, command
        if command[0] == "verify":
            assert status in (2, 3)
            assert name in out + err


@pytest.mark.parametrize(
    ("said", "name", "found"),
    [
        ({"planeId": "planeother"}, "plane", "planeabcde"),
        ({"sequence": 7}, "entry", 6),
        ({"epoch": 2}, "epoch", 1),
    ],
)
def test_a_manifest_that_says_other_than_the_log_is_noticed(
    backup, file, tmp_path, said, name, found
):
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(forged, "w") as part:
        for one in whole.namelist():
            data = whole.read(one)
            if one == "manifest.json":
                data = json.dumps(json.loads(data) | said).encode()
            part.writestr(one, data)
    status, out, _ = backup("verify", forged)
    assert status == 3
    (lie,) = said.values()
    assert f"manifest.json says {name} {lie}, and the log {name} {found}" in out


@pytest.mark.parametrize("change", [b'"web"', b'"kind":"fence"'])
def test_what_was_changed_in_a_backup_is_noticed(backup, file, tmp_path, change):
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(forged, "w") as part:
        for name in whole.namelist():
            part.writestr(name, whole.read(name).replace(change, change.swapcase()))
    status, out, _ = backup("verify", forged)
    assert status == 3
    assert "first broken key: journal/" in out


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (None, "has no manifest.json"),
        ({"format": "brookline-archive", "version": 1}, "is an export, not a backup"),
        ({"format": "other", "version": 1}, "says format 'other'"),
        ({"format": "brookline-backup", "version": 9}, "a later version of the product"),
        ({"format": "brookline-backup", "version": 1}, "cannot be read"),
    ],
)
def test_zips_that_are_no_backups(backup, tmp_path, manifest, said):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as zipped:
        zipped.writestr("a", "b")
        if manifest is not None:
            zipped.writestr("manifest.json", json.dumps(manifest))
    for command in ("verify", "restore"):
        status, _, err = backup(
            command, tmp_path / "x.zip", *(["--dry-run"] if command == "restore" else [])
        )
        assert status == 2
        assert said in err


def test_the_newest_point_is_restored_as_another_plane(backup, file, log, tmp_path):
    status, out, err = backup("restore", file, tmp_path / "new")
    assert status == 0, err
    replica = read(tmp_path / "new")
    assert replica.plane not in ("", "planeabcde")
    assert replica.plane in out
    assert replica.records.get("entity", APP)["name"] == "web2"
    assert replica.seq == 8
    assert not replica.standing.owner
    assert replica.standing.unsettled
    status, out, _ = run_journal("show", tmp_path / "new")
    assert "taken in: plane planeabcde as of entry 6, restored from " in out


def run_journal(command, folder):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        status = run(["journal", command, "--persistence-dir", str(folder)])
    return status, out.getvalue(), ""


def test_what_ran_is_interrupted_and_machines_know_the_plane(backup, file, tmp_path):
    assert backup("restore", file, tmp_path / "new")[0] == 0
    records = read(tmp_path / "new").records
    cut = records.get("task", TASK)
    assert cut["status"] == "interrupted"
    assert cut["interruption"]["cause"] == "restored"
    assert "plane planeabcde, entry 6" in cut["interruption"]["reason"]
    assert records.get("sensors", APP)["service.state"] == "ON_FIRE"
    assert records.get("location", "machine001")["config"] == {"guard": {"folder": "/g"}, "x": 1}
    assert list(records.ids("session-key")) == []


def test_beside_a_living_plane_machines_are_left_to_it(backup, file, tmp_path):
    assert backup("restore", file, tmp_path / "new", "--beside")[0] == 0
    records = read(tmp_path / "new").records
    assert records.get("location", "machine001")["config"] == {"x": 1}
    assert records.get("task", TASK)["resets"] == ["machine001"]


def test_each_restore_outranks_the_plane_and_the_restore_before(backup, file, log, tmp_path):
    assert backup("restore", file, tmp_path / "one")[0] == 0
    first = read(tmp_path / "one")
    assert first.epoch > 1_700_000_000
    status, _, err = backup("restore", tmp_path / "one", tmp_path / "two")
    assert status == 0, err
    second = read(tmp_path / "two")
    assert second.epoch > first.epoch
    assert second.plane != first.plane


@pytest.mark.parametrize(
    ("seq", "names"), [(2, []), (3, ["web"]), (4, ["web", "db"]), (6, ["web2"])]
)
def test_any_point_by_its_entry_or_its_moment(backup, file, log, tmp_path, seq, names):
    for number, option in enumerate((("--seq", seq), ("--at", stamp(log.wall_ms(seq))))):
        folder = tmp_path / f"new{number}"
        status, _, err = backup("restore", file, folder, *option)
        assert status == 0, err
        found = read(folder).records.all("entity").values()
        assert [one["name"] for one in found] == names


def test_what_a_node_backed_up_by_itself_is_as_old_as_its_file(backup, log, tmp_path):
    """It holds a snapshot only, which no entry announces."""
    made_ms = log.wall_ms(6) + 5000
    where = str(log.folder)
    manifest = Manifest(FORMAT, VERSION, "planeabcde", 6, 1, made_ms, "promotion", "n1", where)
    key, data = log.run(snapshot.encode(log.replica, CLOCK))
    writer = BackupWriter(tmp_path / "auto.zip")
    writer.add("plane", (log.folder / "plane").read_bytes())
    writer.add(key, data)
    writer.seal(manifest)
    writer.publish()
    for late_ms, ended in ((-1000, 2), (0, 0), (1000, 0)):
        at = stamp(made_ms + late_ms)
        status, out, err = backup("restore", tmp_path / "auto.zip", "--dry-run", "--at", at)
        assert status == ended, err
        assert ended or f"as of entry 6, {stamp(made_ms)} (the newest is 6)" in out
    assert backup("restore", tmp_path / "auto.zip", tmp_path / "new", "--at", at)[0] == 0


def test_a_store_is_restored_from_without_a_backup(backup, log, tmp_path):
    assert backup("restore", log.folder, tmp_path / "new", "--seq", 4)[0] == 0
    assert len(read(tmp_path / "new").records.all("entity")) == 2


def test_a_dry_run_says_what_differs_and_touches_nothing(backup, file, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    status, out, _ = backup("restore", file, tmp_path / "new", "--seq", "5", "--dry-run")
    assert status == 0
    assert "would be restored as plane (a new id)" in out
    assert "application web: 1 entity" in out
    assert "interrupted, for it ran then: start of web" in out
    assert "application db was removed" in out
    assert "application web2: 1 of its entities changed" in out
    assert sorted(tmp_path.rglob("*")) == before


def test_large_changes_of_a_restore_go_to_a_blob(backup, log, tmp_path):
    tasks = [Put("task", f"task{n:06}", task("running") | {"note": "x" * 100}) for n in range(4000)]
    log.put(*tasks)
    status, _, err = backup("restore", log.folder, tmp_path / "new")
    assert status == 0, err
    assert len(list((tmp_path / "new" / "blob").iterdir())) == 1
    states = {one["status"] for one in read(tmp_path / "new").records.all("task").values()}
    assert states == {"interrupted"}


def test_a_store_that_holds_something_is_refused(backup, file, log, tmp_path):
    status, _, err = backup("restore", file, log.folder)
    assert status == 16
    assert "holds a plane already" in err
    (tmp_path / "half").mkdir()
    shutil.copytree(log.folder / "journal", tmp_path / "half" / "journal")
    status, _, err = backup("restore", file, tmp_path / "half")
    assert status == 16
    assert "perhaps of a copy that was cut short" in err
    assert not (tmp_path / "half" / "plane").exists()


def test_a_living_plane_is_not_replaced(backup, file, log, tmp_path):
    with beating(log.folder):
        status, _, err = backup("restore", file, tmp_path / "new")
        assert status == 16
        assert "lives: node n1 beats" in err
        assert not (tmp_path / "new" / "plane").exists()
        status, _, err = backup("restore", file, log.folder, "--beside")
        assert status == 16
        assert "holds a plane that lives: node n1 beats" in err
        assert backup("restore", file, tmp_path / "new", "--beside")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["restore", "{file}"], 1, "say INTO which store"),
        (["restore", "{file}", "x", "--seq", "1", "--at", "10m"], 1, "not both"),
        (["restore", "{file}", "x", "--at", "soon"], 1, "is no moment"),
        (["restore", "{file}", "x", "--at", "2999-01-01"], 1, "still to come"),
        (["restore", "{file}", "x", "--seq", "99"], 2, "reaches to 1-6"),
        (["restore", "{file}", "x", "--at", "2020-01-01"], 2, "nothing so old"),
        (["restore", "nowhere", "x"], 2, "no file and no folder nowhere"),
        (["verify", "nowhere"], 2, "there is no file nowhere"),
        (["list", "nowhere"], 2, "there is no folder nowhere"),
        (["create", "--persistence-dir", "nowhere"], 2, "/nowhere"),
        (["create"], 2, "--persistence-dir"),
        (["create", "--persistence-dir", "store", "--to", "bk"], 2, "there is no folder bk: make"),
        (
            ["create", "--persistence-dir", "store", "--to", "bk.d/in"],
            2,
            "a file that ends in .zip",
        ),
    ],
)
def test_bad_input(backup, file, arguments, status, said):
    ended, _, err = backup(*(one.replace("{file}", str(file)) for one in arguments))
    assert ended == status
    assert said in err

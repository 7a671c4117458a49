"""A hole in the log, wherever it is, is hidden by no command; what was collected is none."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.journal.folders import FolderLog
from tests.journal.house import put

from brookline.cli.main import run
from brookline.journal import scan
from brookline.journal.backups import FORMAT, VERSION, BackupWriter, Manifest, copy_into
from brookline.journal.keys import PLANE, entry_key


@pytest.fixture
def log(tmp_path):
    """A log of which everything is retained, though its first snapshot is of entry 8."""
    log = FolderLog(tmp_path / "store")
    log.lead()
    for n in range(6):
        log.put(put(f"a{n}", n=n), user="admin")
    log.snapshot()
    log.put(put("later"))
    return log


@pytest.fixture
def command(outside, capsys):
    def command(*arguments):
        status = run([*map(str, arguments)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


def test_a_log_with_a_hole_below_its_first_snapshot_is_not_closed(log, command, tmp_path):
    log.file(5).unlink()
    status, _, err = command("store", "copy", log.folder, tmp_path / "new", "-y")
    assert status == 3
    assert f"the copy is not sound: entry {entry_key(5)} is missing" in err
    assert not log.file(log.replica.seq + 1).exists()
    assert not (tmp_path / "new" / PLANE).exists()


def test_no_backup_is_made_of_it(log, command, tmp_path):
    log.file(5).unlink()
    file = tmp_path / "b.zip"
    status, _, err = command("backup", "create", "--persistence-dir", log.folder, "--to", file)
    assert status == 3
    assert f"entry {entry_key(5)} is missing" in err
    assert "no backup was made" in err
    assert not file.exists()


def test_one_that_an_earlier_version_made_of_it_is_not_called_whole(log, command, tmp_path):
    log.file(5).unlink()
    file = tmp_path / "b.zip"

    async def write(store):
        kept = await scan.retained(store)
        writer = BackupWriter(file)
        await copy_into(writer, store, kept)
        plane, last = log.replica.plane, kept.last_seq
        writer.seal(Manifest(FORMAT, VERSION, plane, last, 1, 1, "custom"))
        writer.publish()

    log.with_store(write)
    status, out, _ = command("backup", "verify", file)
    assert status == 3
    assert f"first broken key: {entry_key(5)}" in out


@pytest.mark.parametrize(
    ("missing", "said", "shown"),
    [
        ([5], f"entry {entry_key(5)} is missing, and was not collected", 4),
        ([5, 6, 7], "entries 5 to 7 are missing, and were not collected", 4),
        ([1], f"entry {entry_key(1)} is missing", 0),
        ([8, 9, 10], "entry journal/0000000/0000000008 is missing", 7),
    ],
)
def test_it_is_shown_no_further_than_to_a_hole(log, command, missing, said, shown):
    """The last case: all that is left of the newest entries is the snapshot of entry 8."""
    for seq in missing:
        log.file(seq).unlink()
    show = ("journal", "show", "--persistence-dir", log.folder)
    status, out, err = command(*show)
    assert (status, len(out.splitlines()) - 1) == (3, shown)
    assert said in err
    assert f"--from {min(missing[-1], 8) + 1} shows what follows" in err
    if missing != [1]:
        assert command(*show, "--to", missing[0] - 1)[0] == 0
    status, out, _ = command(*show, "--from", missing[-1] + 1)
    assert (status, len(out.splitlines()) - 1) == (0, 10 - missing[-1])


def test_what_was_collected_is_no_hole(log, command, tmp_path):
    log.snapshot()
    log.collect(8)
    log.put(put("last"))
    show = ("journal", "show", "--persistence-dir", log.folder, "--from", 3)
    status, out, err = command(*show)
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["9", "10", "11", "12", "13"]
    file = tmp_path / "b.zip"
    assert command("backup", "create", "--persistence-dir", log.folder, "--to", file)[0] == 0
    assert command("backup", "verify", file)[0] == 0
    assert command("store", "copy", log.folder, tmp_path / "new", "-y")[0] == 0
    assert command("journal", "verify", "--persistence-dir", tmp_path / "new")[0] == 0
    log.file(10).unlink()
    status, _, err = command(*show)
    assert status == 3
    assert f"entry {entry_key(10)} is missing" in err


def test_a_moment_before_what_was_collected_is_called_no_loss(log, command, tmp_path):
    log.snapshot()
    log.put(put("later"))
    log.snapshot()
    log.collect(12)
    at = dt.datetime.fromtimestamp(log.wall_ms(9) / 1000, dt.UTC).isoformat()
    status, out, err = command("backup", "restore", log.folder, tmp_path / "new", "--at", at)
    assert status == 0, err
    assert "entry 8" in out + err
    assert "is missing" not in err

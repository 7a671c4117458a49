"""Backups that a node makes by itself, on a real node and real files."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from brookline.journal.backups import BackupWriter, Manifest
from brookline.management.backup_files import (
    ABANDONED_S,
    CUSTOM,
    DEMOTION,
    PROMOTION,
    abandoned,
    name_of,
    superfluous,
)


def made(folder, number, size, why=PROMOTION):
    path = folder / name_of(number * 60_000, "instance01", why)
    path.write_bytes(b"x" * size)
    return path


@pytest.mark.parametrize(
    ("keep", "most_bytes", "left"),
    [(10, 1000, 5), (3, 1000, 3), (10, 250, 2), (10, 50, 1), (0, 0, 1)],
)
def test_the_newest_are_kept_so_many_and_so_large_at_most(tmp_path, keep, most_bytes, left):
    files = [made(tmp_path, n, 100, DEMOTION if n % 2 else PROMOTION) for n in range(5)]
    over = superfluous(files, keep=keep, most_bytes=most_bytes)
    assert sorted(over) == files[: 5 - left]


def test_what_somebody_else_put_there_is_never_superfluous(tmp_path):
    others = [made(tmp_path, 1, 100, CUSTOM), tmp_path / "a-promotion-b.zip", tmp_path / "x.zip"]
    others[1].write_bytes(b"")
    others[2].write_bytes(b"")
    newest = made(tmp_path, 9, 100)
    assert superfluous([*others, newest], keep=0, most_bytes=0) == []


MANIFEST = Manifest(
    format="brookline-backup",
    version=1,
    plane_id="p",
    sequence=1,
    epoch=1,
    created_utc=0,
    why=CUSTOM,
)


def test_one_that_has_its_name_keeps_it_through_a_power_cut(tmp_path, monkeypatch):
    synced = []

    def fsync(descriptor, real=os.fsync):
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((path, sorted(each.name for each in tmp_path.iterdir())))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    writer = BackupWriter(tmp_path / "b.zip")
    writer.seal(MANIFEST)
    writer.publish()

    assert synced == [(writer.part, [writer.part.name]), (tmp_path, ["b.zip"])]


def test_parts_of_writers_that_have_died_are_found_and_those_of_others_are_not(tmp_path):
    written = made(tmp_path, 9, 100)
    dead, alive = (BackupWriter(tmp_path / name_of(n, "instance01", DEMOTION)) for n in (1, 2))
    foreign = tmp_path / ".x.zip.part"
    foreign.write_bytes(b"")
    past = written.stat().st_mtime - ABANDONED_S - 1
    for path in (dead.part, foreign):
        os.utime(path, (past, past))

    assert abandoned(written) == [dead.part]
    assert alive.part.exists()
    dead.discard()
    alive.discard()


@pytest.mark.filterwarnings("error")
def test_one_that_is_given_up_leaves_nothing_behind(tmp_path):
    writer = BackupWriter(tmp_path / "b.zip")
    writer.add("plane", b"x" * 100)
    writer.discard()
    del writer
    gc.collect()  # what its zip would still say, it says now
    assert list(tmp_path.iterdir()) == []

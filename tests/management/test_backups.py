"""Backups that a node makes by itself, on a real node and real files."""

from __future__ import annotations

import pytest

from brookline.management.backup_files import CUSTOM, DEMOTION, PROMOTION, name_of, superfluous


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

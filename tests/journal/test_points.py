"""Which points of a log can be had again, and what they say, on journals in real folders."""

from __future__ import annotations

import pytest
from tests.journal.folders import CLOCK, FolderLog
from tests.journal.house import put

from brookline.errors import Damaged, NotFound
from brookline.journal import scan
from brookline.journal.points import Span, dated, point_at, rebuild, spans


@pytest.fixture
def log(tmp_path):
    """Entries 1 to 12: a snapshot of 4 (5), one of 8 (9), and all up to 8 collected but fences."""
    log = FolderLog(tmp_path / "store")
    log.lead()
    log.put(put("a", n=3))
    log.put(put("a", n=4))
    log.snapshot()
    log.put(put("a", n=6))
    log.put(put("a", n=7))
    log.put(put("a", n=8))
    log.snapshot()
    log.put(put("a", n=10))
    log.put(put("b", n=11))
    log.collect(8)
    return log


def with_kept(log, work):
    async def go(store):
        return await work(store, await scan.retained(store))

    return log.with_store(go)


def at(log, seq):
    return with_kept(log, lambda store, kept: rebuild(store, kept, seq, CLOCK))


async def _spans(_, kept):
    return spans(kept)


def test_points_are_snapshots_and_what_follows_them(log):
    assert with_kept(log, _spans) == [Span(4, 4), Span(8, 12)]


def test_all_of_a_log_is_one_span(tmp_path):
    log = FolderLog(tmp_path / "store")
    log.lead()
    log.snapshot()
    log.put(put("a"))
    assert with_kept(log, _spans) == [Span(1, 4)]


@pytest.mark.parametrize(("seq", "n"), [(4, 4), (8, 8), (9, 8), (10, 10), (12, 10)])
def test_the_records_of_a_point(log, seq, n):
    replica = at(log, seq)
    assert replica.seq == seq
    assert replica.records.get("item", "a") == {"n": n}
    assert (replica.records.get("item", "b") is not None) == (seq >= 11)


@pytest.mark.parametrize("seq", [0, 3, 5, 7, 13])
def test_what_is_not_retained_is_refused_with_what_is(log, seq):
    with pytest.raises(NotFound, match=r"reaches to 4, 8-12"):
        at(log, seq)


def test_a_damaged_snapshot_is_passed_over_if_the_entries_are_there(tmp_path):
    log = FolderLog(tmp_path / "store")
    log.lead()
    log.put(put("a", n=3))
    key = log.snapshot()
    (log.folder / key).write_bytes(b"x")
    log.put(put("a", n=5))
    assert at(log, 5).records.get("item", "a") == {"n": 5}


def test_a_damaged_entry_on_the_way_is_named(log):
    log.file(10).write_bytes(b"x")
    assert at(log, 9).seq == 9
    with pytest.raises(Damaged, match="0000000010"):
        at(log, 11)


@pytest.mark.parametrize(
    ("seq", "late_s", "found"),
    [(12, 999_999, 12), (10, 0, 10), (10, 59, 10), (9, 0, 9), (9, -1, 4), (5, 0, 4)],
)
def test_the_point_at_a_moment(log, seq, late_s, found):
    """The time of a snapshot without its entry is that of its announcement."""
    wall_ms = log.wall_ms(seq) + late_s * 1000
    point = with_kept(log, lambda store, kept: point_at(store, kept, wall_ms, CLOCK))
    assert point.seq == found


def test_nothing_is_so_old(log):
    with pytest.raises(NotFound, match="the oldest is entry 4"):
        with_kept(log, lambda store, kept: point_at(store, kept, log.wall_ms(5) - 1, CLOCK))


def test_a_damaged_entry_ends_the_points_before_it_up_to_the_next_snapshot(tmp_path):
    log = FolderLog(tmp_path / "store")
    log.lead()
    for n in range(3, 7):
        log.put(put("a", n=n))
    log.snapshot()
    log.file(4).write_bytes(b"x")
    found = with_kept(log, lambda store, kept: dated(store, kept, CLOCK))
    assert [point.seq for point in found] == [1, 2, 3, 6, 7]

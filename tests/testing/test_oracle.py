"""The oracle itself: each thing that must never happen is seen when it happens."""

from __future__ import annotations

import pytest

from brookline.journal.entry import Entry, encode_payload, seal
from brookline.journal.keys import entry_key
from brookline.journal.records import Records
from brookline.testing.clock import SimClock
from brookline.testing.oracle import LISTS, Oracle, WatchedShelf
from brookline.testing.transcript import Transcript
from brookline.wire.changes import Item, Put
from brookline.wire.entries import FORMAT, Active, Batch, Fence, Header


class Log:
    """Writes entries as masters do, or as they should not."""

    def __init__(self):
        self.oracle = Oracle(Transcript(lambda: 0.0))
        self.shelf = WatchedShelf(SimClock(lambda: 0.0), self.oracle)
        self.seq, self.prev = 0, ""

    def add(self, payload, epoch, *, seq=None, prev=None):
        seq = self.seq + 1 if seq is None else seq
        body = encode_payload(payload)
        header = Header(
            format=FORMAT,
            plane="p",
            seq=seq,
            epoch=epoch,
            node="n",
            nonce=f"{seq}-{epoch}",
            wall_ms=0,
            prev=self.prev if prev is None else prev,
            size=len(body),
        )
        data, digest = seal(header, body)
        self.shelf.create(entry_key(seq), data)
        self.seq, self.prev = seq, digest
        return Entry(header, payload, digest, len(data))

    def fence(self, epoch):
        self.add(Fence(name="n", reason="first start"), epoch)
        self.add(Active(), epoch)

    def write(self, request, items, epoch=1):
        put = Put(LISTS, "x", {"items": items})
        self.add(Batch((Item((put,), request),)), epoch)

    @property
    def wrong(self):
        return self.oracle.violations


@pytest.fixture
def log():
    log = Log()
    log.fence(1)
    return log


def test_a_log_as_it_should_be(log):
    log.write("r1", ["r1"])
    log.fence(2)
    log.write("r2", ["r1", "r2"], epoch=2)
    log.oracle.acknowledged("r2")
    log.oracle.not_done("r3", "so it was said")

    assert log.oracle.items("x") == ["r1", "r2"]
    assert not log.wrong


def test_an_entry_that_does_not_continue_the_log(log):
    log.add(Batch(()), 1, prev="another")
    assert log.wrong == ["entry 3 does not continue the log"]


def test_an_entry_of_an_old_epoch(log):
    log.fence(2)
    log.write("r1", ["r1"], epoch=1)
    assert log.wrong == ["entry 5 has epoch 1 after epoch 2"]


def test_an_epoch_that_is_active_twice(log):
    log.add(Active(), 1)
    assert log.wrong == ["epoch 1 is active twice"]


def test_a_write_that_is_done_twice(log):
    log.write("r1", ["r1"])
    log.write("r1", ["r1", "r1"])
    assert log.wrong == ["r1 is done twice, in entries 3 and 4"]


@pytest.mark.parametrize("said_first", [True, False])
def test_a_write_that_was_called_not_done(log, said_first):
    if said_first:
        log.oracle.not_done("r1", "b said so")
    log.write("r1", ["r1"])
    if not said_first:
        log.oracle.not_done("r1", "b said so")
    assert log.wrong == ["r1 is done in entry 3, but b said so"]


def test_a_write_that_was_acknowledged_too_early(log):
    log.oracle.acknowledged("r1")
    assert log.wrong == ["r1 was acknowledged, but is not in the log"]


def test_a_write_behind_a_hole_is_not_in_the_log(log):
    log.write("r1", ["r1"])
    log.seq += 1
    log.write("r2", ["r1", "r2"])
    log.oracle.acknowledged("r2")
    assert log.wrong == ["r2 was acknowledged, but is not in the log"]


def test_a_write_that_overwrites_another(log):
    log.write("r1", ["r1"])
    log.write("r2", ["r2"])
    assert log.wrong == ["r2 was decided on records that were out of date: a write is lost"]


def test_records_that_are_not_those_of_the_log(log):
    log.write("r1", ["r1"])
    records = Records()
    for kind, of in log.oracle.records.kinds().items():
        for record_id, value in of.items():
            records.put(kind, record_id, value)
    log.oracle.shown("a", 3, records)
    assert not log.wrong
    records.put(LISTS, "x", {"items": []})
    log.oracle.shown("a", 3, records)
    log.oracle.shown("a", 4, records)
    assert log.wrong == [
        "a shows at entry 3 list/x as {'items': []}, but it is {'items': ['r1']}",
        "a shows entry 4, which is not in the log",
    ]


def test_actions_of_an_old_epoch(log):
    log.oracle.acts("a", 1)
    log.oracle.acts("b", 2)
    assert not log.wrong
    log.oracle.acts("a", 1)
    assert log.wrong == ["a acts under epoch 1 after epoch 2 has acted"]

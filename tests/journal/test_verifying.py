"""Verifying journals in real folders: sound ones, and each kind of damage."""

from __future__ import annotations

import pytest
from tests.journal.folders import CLOCK, FolderLog
from tests.journal.house import put

from brookline.journal.keys import entry_key
from brookline.journal.verifying import verify
from brookline.wire.entries import Collect


@pytest.fixture
def log(tmp_path):
    log = FolderLog(tmp_path / "store")
    log.lead()
    for number in range(3):
        log.put(put(f"a{number}", n=number))
    return log


def look(log, **more):
    return log.with_store(lambda store: verify(store, CLOCK, **more))


def first_fault(log):
    verdict = look(log)
    assert verdict.faults
    return verdict.faults[0]


def test_a_sound_log_has_no_faults(log):
    verdict = look(log)
    assert (verdict.faults, verdict.entries, verdict.first, verdict.last) == ([], 5, 1, 5)


def test_a_snapshot_is_compared_with_the_entries_before_it(log):
    log.snapshot()
    log.put(put("b"))
    log.snapshot()
    verdict = look(log)
    assert verdict.faults == []
    assert (verdict.snapshots, verdict.compared) == (2, 2)


def test_what_was_announced_for_collection_may_be_missing(log):
    log.snapshot()
    log.put(put("b"))
    log.snapshot()
    log.collect(5)
    log.lead("n2")
    assert not log.file(4).exists()
    assert look(log).faults == []


@pytest.mark.parametrize("place", [4, 5])
def test_a_fence_that_comes_late_into_a_collected_place_is_no_fault_of_what_follows(
    log, tmp_path, place
):
    late = FolderLog(tmp_path / "late")
    late.lead()
    for number in range(place - 3):
        late.put(put(f"z{number}"))
    late.lead("n2")
    log.lead("n2")
    log.snapshot()
    log.collect(5)
    log.file(place).write_bytes(late.file(place).read_bytes())
    verdict = look(log)
    assert verdict.faults == []
    assert "nobody reads it" in verdict.notes[0]


def test_what_is_collected_soon_is_looked_at_as_long_as_it_is_there(log, tmp_path):
    other = FolderLog(tmp_path / "other")
    other.lead()
    for number in range(2):
        other.put(put(f"a{number}", n=7))
    log.snapshot()
    log.append(Collect(5))
    log.file(4).write_bytes(other.file(4).read_bytes())
    faults = [fault.key for fault in look(log).faults]
    assert entry_key(4) in faults


def test_a_snapshot_without_the_entries_before_it_is_enough_for_a_backup(log):
    log.snapshot()
    for seq in range(1, 6):
        log.file(seq).unlink()
    assert first_fault(log).key == entry_key(1)
    assert look(log, may_lack=5).faults == []


@pytest.mark.parametrize("at", [0, 120, -3])
def test_a_changed_byte_of_an_entry(log, at):
    data = bytearray(log.file(4).read_bytes())
    data[at] ^= 1
    log.file(4).write_bytes(data)
    fault = first_fault(log)
    assert fault.key == entry_key(4)
    assert "checksum" in fault.what
    assert "back from a backup" in fault.advice


def test_a_missing_entry(log):
    log.file(3).unlink()
    fault = first_fault(log)
    assert fault.key == entry_key(3)
    assert "is missing" in fault.what


def test_an_entry_of_another_history_does_not_continue_the_chain(log, tmp_path):
    other = FolderLog(tmp_path / "other")
    other.lead()
    other.put(put("a0", n=7))
    other.put(put("a1", n=8))
    log.file(4).write_bytes(other.file(4).read_bytes())
    fault = first_fault(log)
    assert fault.key == entry_key(4)
    assert "does not continue the log" in fault.what


def test_an_entry_of_another_plane(log, tmp_path):
    other = FolderLog(tmp_path / "other", "planeother")
    other.lead()
    other.put(put("a0"))
    log.file(3).write_bytes(other.file(3).read_bytes())
    assert "belongs to plane planeother" in first_fault(log).what


def test_an_entry_under_the_name_of_another(log):
    log.file(5).write_bytes(log.file(4).read_bytes())
    assert first_fault(log).what.endswith("says that it is entry 4")


def test_a_damaged_snapshot(log):
    key = log.snapshot()
    path = log.folder / key
    path.write_bytes(path.read_bytes().replace(b'"a1"', b'"a9"'))
    fault = first_fault(log)
    assert fault.key == key
    assert "move it aside" in fault.advice


def test_a_snapshot_that_says_other_than_the_entries(log):
    log.replica.records.put("item", "never", {"written": True})
    fault_key = log.snapshot()
    fault = first_fault(log)
    assert fault.key == fault_key
    assert "says other than the entries before it" in fault.what


@pytest.mark.parametrize("planes", [("planeother",), ("planeother", "planethird")])
def test_each_of_several_snapshots_of_one_entry_is_looked_at(log, tmp_path, planes):
    log.snapshot()
    strange = []
    for plane in planes:
        other = FolderLog(tmp_path / plane, plane)
        other.lead()
        for number in range(3):
            other.put(put(f"a{number}", n=number))
        strange.append(other.snapshot())
        (log.folder / strange[-1]).write_bytes((other.folder / strange[-1]).read_bytes())
    verdict = look(log)
    assert {fault.key for fault in verdict.faults} == {*strange}
    assert all("belongs to plane plane" in fault.what for fault in verdict.faults)
    assert verdict.snapshots == len(planes) + 1


def test_an_announced_snapshot_that_is_missing(log):
    key = log.snapshot()
    (log.folder / key).unlink()
    assert first_fault(log).key == key


def test_a_missing_and_a_damaged_blob(log):
    log.put_in_blob(put("large", text="x" * 100))
    assert look(log).faults == []
    assert look(log).blobs == 1
    (blob,) = (log.folder / "blob").iterdir()
    blob.write_bytes(b"other")
    assert "is damaged" in first_fault(log).what
    blob.unlink()
    assert "is missing" in first_fault(log).what


def test_the_first_of_several_faults_comes_first(log):
    log.file(5).write_bytes(b"x")
    log.file(2).unlink()
    assert first_fault(log).key == entry_key(2)


def test_a_missing_plane_key(log):
    (log.folder / "plane").unlink()
    fault = first_fault(log)
    assert fault.key == "plane"

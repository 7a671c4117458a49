"""The directory store's calls: their order, their failures, and what each failure means."""

from __future__ import annotations

import errno

import pytest

from brookline.stores.durable import SyncFailed
from brookline.stores.files import Files
from brookline.stores.folder import Folder
from brookline.stores.store import CREATED, EXISTS, FsyncFailed, Undecided

KEY = "journal/0000000/0000000001"
SHARD = "journal/0000000"


@pytest.fixture
def folder(tripwire):
    return Folder(tripwire)


@pytest.fixture
def witness(tmp_path):
    """Another node, whose system calls are sound."""
    return Folder(Files(str(tmp_path)))


def temps(tmp_path):
    return [path for path in tmp_path.rglob(".*") if path.is_file()]


def test_bytes_are_durable_before_the_name_and_the_name_before_the_answer(folder, tripwire):
    folder.create("journal/0000000/0000000000", b"before")
    tripwire.log.clear()
    assert folder.create(KEY, b"data") == CREATED
    assert tripwire.log == [
        f"create {SHARD}/.tmp-",
        f"write {SHARD}/.tmp-",
        f"fsync {SHARD}/.tmp-",
        f"close {SHARD}/.tmp-",
        f"link {SHARD}/.tmp-",
        f"open {SHARD}",
        f"fsync {SHARD}",
        f"close {SHARD}",
        f"unlink {SHARD}/.tmp-",
    ]


def test_a_new_shard_is_durable_before_its_first_entry(folder, tripwire):
    assert folder.create(KEY, b"data") == CREATED
    before_link = tripwire.log[: tripwire.log.index(f"link {SHARD}/.tmp-")]
    assert [call for call in before_link if call.startswith(("mkdir", "fsync"))] == [
        "mkdir journal",
        "fsync",  # of the root
        f"mkdir {SHARD}",
        "fsync journal",
        f"fsync {SHARD}/.tmp-",
    ]


def test_a_shard_that_another_node_made_is_made_durable_too(folder, tripwire, tmp_path):
    (tmp_path / SHARD).mkdir(parents=True)
    assert folder.create(KEY, b"data") == CREATED
    assert tripwire.log.index("fsync journal") < tripwire.log.index(f"link {SHARD}/.tmp-")


def test_exists_with_own_bytes_is_said_only_after_file_and_folder_were_fsynced(
    folder, tripwire, witness
):
    witness.create(KEY, b"mine")
    assert folder.create(KEY, b"mine") == EXISTS
    link = tripwire.log.index(f"link {SHARD}/.tmp-")
    assert [call for call in tripwire.log[link:] if call.startswith("fsync")] == [
        f"fsync {KEY}",
        f"fsync {SHARD}",
    ]


def test_exists_with_bytes_of_another_costs_no_fsync(folder, tripwire, witness):
    witness.create(KEY, b"another's")
    assert folder.create(KEY, b"mine") == EXISTS
    link = tripwire.log.index(f"link {SHARD}/.tmp-")
    assert not any(call.startswith("fsync") for call in tripwire.log[link:])


def test_settle_makes_file_and_folders_durable(folder, tripwire, witness):
    witness.create(KEY, b"data")
    folder.settle(KEY)
    synced = [call for call in tripwire.log if call.startswith("fsync")]
    assert synced == [f"fsync {KEY}", f"fsync {SHARD}", "fsync", "fsync journal"]


def test_settling_what_is_absent_fails(folder):
    with pytest.raises(FileNotFoundError):
        folder.settle(KEY)


def test_put_replaces_and_does_not_wait_for_the_disk(folder, tripwire):
    folder.put("node/a", b"one")
    folder.put("node/a", b"two")
    assert folder.get("node/a") == b"two"
    assert "replace node/.tmp-" in tripwire.log
    assert not any(call.startswith("fsync") for call in tripwire.log)


def test_only_the_owner_can_read(folder, tmp_path):
    folder.create(KEY, b"data")
    folder.put("node/a", b"beat")
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


CREATE_CALLS = [
    "mkdir journal", "open", "fsync", f"mkdir {SHARD}", "open journal", "fsync journal",
    f"create {SHARD}/.tmp-", f"write {SHARD}/.tmp-", f"fsync {SHARD}/.tmp-",
    f"close {SHARD}/.tmp-", f"link {SHARD}/.tmp-", f"open {SHARD}", f"fsync {SHARD}",
]  # fmt: skip


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EACCES])
@pytest.mark.parametrize("call", CREATE_CALLS)
def test_a_failure_at_any_call_is_undecided_and_shows_nothing_or_everything(
    folder, tripwire, witness, fail_at, tmp_path, call, number
):
    tripwire.trip = fail_at(number, call)
    outcome = folder.create(KEY, b"data")
    assert isinstance(outcome, Undecided)
    assert outcome.reason
    linked = call in (f"open {SHARD}", f"fsync {SHARD}")
    assert witness.get(KEY) == (b"data" if linked else None)
    assert temps(tmp_path) == []


@pytest.mark.parametrize("call", [call for call in CREATE_CALLS if not call.startswith("fsync")])
def test_after_a_failure_the_same_create_succeeds(folder, tripwire, witness, fail_at, call):
    tripwire.trip = fail_at(errno.EIO, call)
    assert isinstance(folder.create(KEY, b"data"), Undecided)
    assert folder.create(KEY, b"data") == (EXISTS if call == f"open {SHARD}" else CREATED)
    assert witness.get(KEY) == b"data"


def test_each_try_writes_a_temp_file_of_its_own(folder, tripwire, fail_at):
    made = []
    tripwire.create, real = lambda path: made.append(path) or real(path), tripwire.create
    tripwire.trip = fail_at(errno.EIO, f"link {SHARD}/.tmp-")
    folder.create(KEY, b"data")
    folder.create(KEY, b"data")
    assert len(set(made)) == 2


def test_a_write_that_takes_some_bytes_is_continued(folder, tripwire):
    real = tripwire.write
    tripwire.write = lambda fd, data: real(fd, bytes(data[:7]))
    data = bytes(range(100))
    assert folder.create(KEY, data) == CREATED
    assert folder.get(KEY) == data


def test_a_full_disk_is_no_reason_to_distrust_it(folder, tripwire, fail_at):
    tripwire.trip = fail_at(errno.ENOSPC, f"fsync {SHARD}/.tmp-")
    outcome = folder.create(KEY, b"data")
    assert type(outcome) is Undecided
    assert "No space left" in outcome.reason
    assert folder.create(KEY, b"data") == CREATED


def test_a_failed_fsync_of_a_new_file_is_told_as_such(folder, tripwire, witness, fail_at):
    tripwire.trip = fail_at(errno.EIO, f"fsync {SHARD}/.tmp-")
    assert isinstance(folder.create(KEY, b"data"), FsyncFailed)
    assert witness.get(KEY) is None
    assert folder.broken == ""


@pytest.mark.parametrize("call", ["fsync journal", f"fsync {SHARD}"])
def test_after_a_failed_fsync_of_a_folder_nothing_is_called_durable_any_more(
    folder, tripwire, fail_at, call
):
    folder.put("node/a", b"beat")
    tripwire.trip = fail_at(errno.EIO, call)
    first = folder.create(KEY, b"data")
    assert isinstance(first, FsyncFailed)
    again = folder.create("journal/0000000/0000000002", b"data")
    assert again == FsyncFailed(folder.broken)
    assert "Input/output error" in folder.broken
    with pytest.raises(SyncFailed):
        folder.settle("node/a")
    folder.put("node/a", b"another")  # heartbeats and reads go on
    assert folder.get("node/a") == b"another"


def test_a_failed_fsync_of_own_bytes_found_there_is_told_too(folder, tripwire, witness, fail_at):
    witness.create(KEY, b"mine")
    tripwire.trip = fail_at(errno.EIO, f"fsync {KEY}")
    assert isinstance(folder.create(KEY, b"mine"), FsyncFailed)
    assert folder.broken


def test_a_link_whose_reply_got_lost_finds_its_own_bytes_durable(folder, tripwire, witness):
    def lose_reply(call: str) -> None:
        if call.startswith("link"):
            raise FileExistsError(errno.EEXIST, "the server did it, and was asked again")

    tripwire.after = lose_reply
    assert folder.create(KEY, b"mine") == EXISTS
    assert witness.get(KEY) == b"mine"
    assert f"fsync {KEY}" in tripwire.log


def test_a_temp_file_whose_name_is_taken_is_written_under_another(folder, tripwire, fail_at):
    tripwire.trip = fail_at(errno.EEXIST, f"create {SHARD}/.tmp-")
    assert folder.create(KEY, b"data") == CREATED


def test_a_file_system_without_links_says_so(folder, tripwire, tmp_path, fail_at):
    tripwire.trip = fail_at(errno.EPERM, f"link {SHARD}/.tmp-", times=99)
    outcome = folder.create(KEY, b"data")
    assert outcome == Undecided(f"cannot create {KEY}: Operation not permitted")
    assert temps(tmp_path) == []


STALE = [
    ("create", f"create {SHARD}/.tmp-", CREATED), ("create", f"fsync {SHARD}/.tmp-", CREATED),
    ("create", f"link {SHARD}/.tmp-", CREATED), ("create", f"fsync {SHARD}", EXISTS),
    ("get", "open node/a", b"held"), ("get", "read node/a", b"held"),
    ("keys", "names node", ["node/a"]), ("put", "replace node/.tmp-", None),
    ("delete", "unlink node/a", None), ("settle", "open node/a", None),
]  # fmt: skip


def perform(folder, operation):
    match operation:
        case "create":
            return folder.create(KEY, b"data")
        case "put":
            return folder.put("node/a", b"new")
        case "keys":
            return folder.keys("node/", "")
        case _:
            return getattr(folder, operation)("node/a")


@pytest.mark.parametrize(("operation", "call", "expected"), STALE)
def test_a_stale_handle_means_look_again(folder, tripwire, fail_at, operation, call, expected):
    folder.put("node/a", b"held")
    tripwire.trip = fail_at(errno.ESTALE, call)
    assert perform(folder, operation) == expected
    assert folder.broken == ""


@pytest.mark.parametrize("call", ["open node/a", "read node/a"])
@pytest.mark.parametrize("error", [errno.ENOENT, errno.EBADF])
def test_a_beat_that_is_replaced_while_it_is_read_is_read_again(
    folder, tripwire, fail_at, error, call
):
    folder.put("node/a", b"held")
    tripwire.trip = fail_at(error, call)
    assert folder.get("node/a") == b"held"


def test_an_entry_that_is_absent_is_looked_for_once(folder, tripwire):
    assert folder.get(KEY) is None
    assert tripwire.log == [f"open {KEY}"]


@pytest.mark.parametrize(("operation", "call"), [row[:2] for row in STALE])
def test_what_stays_stale_is_given_up(folder, tripwire, fail_at, operation, call):
    folder.put("node/a", b"held")
    tripwire.trip = fail_at(errno.ESTALE, call, times=1000)
    if operation == "create":
        assert isinstance(perform(folder, operation), Undecided)
    else:
        with pytest.raises(OSError, match="Stale"):
            perform(folder, operation)
    assert len(tripwire.log) < 240


def test_a_folder_that_goes_away_under_a_create_is_made_anew(folder, tripwire, tmp_path):
    key = "probe/abc/1"
    assert folder.create(key, b"1") == CREATED

    def remove(call: str) -> None:
        if call.startswith("create probe/abc"):
            tripwire.trip = lambda call: None
            (tmp_path / key).unlink()
            (tmp_path / "probe/abc").rmdir()

    tripwire.trip = remove
    tripwire.log.clear()
    assert folder.create("probe/abc/2", b"2") == CREATED
    assert tripwire.log.index("fsync probe") < tripwire.log.index("link probe/abc/.tmp-")


def test_empty_folders_of_letters_and_probes_go_and_shards_stay(folder, tmp_path):
    for key in ("probe/abc/1", "mail/a/b-000001", KEY, "node/a"):
        folder.create(key, b"x")
        folder.delete(key)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "journal", "journal/0000000", "mail", "node", "probe",
    ]  # fmt: skip


def test_litter_is_neither_listed_nor_in_the_way(folder, tmp_path):
    folder.create(KEY, b"data")
    for place in ("", "journal", SHARD):
        for name in (".tmp-1", ".tmp-abc-7", ".nfs000000000001", ".DS_Store"):
            (tmp_path / place / name).write_bytes(b"litter")
        (tmp_path / place / ".snapshot").mkdir()
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "lost+found" / "plane").write_bytes(b"found")
    assert folder.keys("", "") == [KEY]
    assert folder.keys("journal/", KEY) == []
    assert folder.create("journal/0000000/0000000002", b"data") == CREATED


def test_the_tail_of_a_long_journal_is_listed_without_reading_its_old_shards(
    folder, tripwire, tmp_path
):
    for shard in range(50):
        place = tmp_path / f"journal/{shard:07d}"
        place.mkdir(parents=True)
        (place / f"{shard * 1000:010d}").write_bytes(b"")
    listed = folder.keys("journal/", "journal/0000048/0000048000")
    assert listed == ["journal/0000049/0000049000"]
    assert tripwire.log.count("names journal") == 1
    assert [call for call in tripwire.log if call.startswith("names journal/")] == [
        "names journal/0000048",
        "names journal/0000049",
    ]


def test_a_root_that_was_removed_takes_nothing(folder, tmp_path):
    tmp_path.rmdir()
    tmp_path.mkdir()
    assert isinstance(folder.create(KEY, b"data"), Undecided)
    with pytest.raises(OSError, match="another folder lies at"):
        folder.put("node/a", b"beat")
    assert list(tmp_path.iterdir()) == []

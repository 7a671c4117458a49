"""What a directory store does when its path leads to another folder, or to none, while it is open."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from brookline.errors import StoreError
from brookline.stores.directory import DirectoryStore
from brookline.stores.store import CREATED, EXISTS, Undecided

KEY = "journal/0000000/0000000001"
NEXT = "journal/0000000/0000000002"


def files_in(root):
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def swap_for_a_copy(place, disks):
    place.unlink()
    shutil.copytree(disks / "a", disks / "b")
    place.symlink_to(disks / "b")
    return "another folder lies at"


def swap_for_a_copy_of_the_same_name(place, disks):
    real = disks / "a"
    real.rename(disks / "old")
    shutil.copytree(disks / "old", real)
    return "another folder lies at"


def swap_for_an_empty_one(place, disks):
    (disks / "a").rename(disks / "old")
    (disks / "a").mkdir()
    return "another folder lies at"


def swap_for_a_file(place, disks):
    place.unlink()
    place.write_text("no folder")
    return "another folder lies at"


def move_away(place, disks):
    (disks / "a").rename(disks / "old")
    return "is gone"


def remove_the_link(place, disks):
    place.unlink()
    return "is gone"


SWAPS = [
    swap_for_a_copy, swap_for_a_copy_of_the_same_name, swap_for_an_empty_one, swap_for_a_file,
    move_away, remove_the_link,
]  # fmt: skip


@pytest.fixture
def disks(tmp_path):
    (tmp_path / "disks" / "a").mkdir(parents=True)
    return tmp_path / "disks"


@pytest.fixture
def place(tmp_path, disks):
    """The path of the store: a link to a folder on a disk."""
    path = tmp_path / "shared"
    path.symlink_to(disks / "a")
    return path


@pytest.fixture
async def opened(place):
    """A store that has been written."""
    store = await DirectoryStore.open(place)
    assert await store.create(KEY, b"before") == CREATED
    await store.put("node/a", b"beat")
    yield store
    await store.close()


@pytest.mark.parametrize("swap", SWAPS)
async def test_nothing_is_written_once_the_path_leads_elsewhere(opened, place, disks, swap):
    said = swap(place, disks)
    before = files_in(disks)

    outcome = await opened.create(NEXT, b"after")
    assert isinstance(outcome, Undecided)
    assert said in outcome.reason
    assert str(place) in outcome.reason
    with pytest.raises(StoreError, match=said):
        await opened.put("node/a", b"another beat")
    with pytest.raises(StoreError, match=said):
        await opened.delete("node/a")

    assert files_in(disks) == before


async def test_what_exists_in_a_folder_that_nobody_finds_is_no_success(opened, place, disks):
    swap_for_a_copy(place, disks)
    assert isinstance(await opened.create(KEY, b"before"), Undecided)


async def test_it_goes_on_by_itself_when_the_folder_is_back(opened, place, disks):
    move_away(place, disks)
    assert isinstance(await opened.create(NEXT, b"after"), Undecided)
    (disks / "old").rename(disks / "a")

    assert await opened.create(NEXT, b"after") == CREATED
    await opened.put("node/a", b"another beat")
    assert files_in(disks / "a") == {
        KEY: b"before", NEXT: b"after", "node/a": b"another beat",
    }  # fmt: skip


async def test_a_store_that_is_opened_anew_takes_the_folder_that_lies_there(opened, place, disks):
    swap_for_a_copy(place, disks)
    other = await DirectoryStore.open(place)
    assert await other.create(NEXT, b"after") == CREATED
    assert files_in(disks / "b") == {KEY: b"before", NEXT: b"after", "node/a": b"beat"}
    await other.close()


@pytest.mark.parametrize("at", ["create", "fsync", "link", "open", "unlink"])
async def test_a_swap_in_the_midst_of_a_create_is_not_acknowledged_and_decided_when_it_is_back(
    place, disks, open_tripwire, at
):
    made = []
    store = await DirectoryStore.open(
        place, lambda root: made.append(open_tripwire(root)) or made[0]
    )
    assert await store.create(KEY, b"before") == CREATED

    def swap(call: str) -> None:
        if call.startswith(f"{at} journal/"):
            made[0].trip = lambda call: None
            move_away(place, disks)

    made[0].trip = swap
    assert isinstance(await store.create(NEXT, b"after"), Undecided)
    (disks / "old").rename(disks / "a")
    assert await store.create(NEXT, b"after") == EXISTS  # its own bytes, durable
    assert await store.get(NEXT) == b"after"
    await store.close()


async def test_a_beat_that_went_where_nobody_looks_is_not_confirmed(place, disks, open_tripwire):
    made = []
    store = await DirectoryStore.open(
        place, lambda root: made.append(open_tripwire(root)) or made[0]
    )

    def swap(call: str) -> None:
        if call.startswith("replace node/"):
            made[0].trip = lambda call: None
            move_away(place, disks)

    made[0].trip = swap
    with pytest.raises(StoreError, match="is gone"):
        await store.put("node/a", b"beat")
    await store.close()


async def test_a_relative_path_is_that_of_the_moment_of_opening(tmp_path, monkeypatch):
    (tmp_path / "work" / "shared").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    store = await DirectoryStore.open(Path("shared"))
    monkeypatch.chdir(tmp_path)
    assert await store.create(KEY, b"data") == CREATED
    assert files_in(tmp_path / "work" / "shared") == {KEY: b"data"}
    await store.close()


async def test_a_path_that_goes_up_goes_up_from_where_a_link_leads(tmp_path):
    for folder in ("far/deep", "far/shared", "shared"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "deep")
    store = await DirectoryStore.open(tmp_path / "link" / ".." / "shared")
    assert await store.create(KEY, b"data") == CREATED
    assert files_in(tmp_path / "far" / "shared") == {KEY: b"data"}
    assert files_in(tmp_path / "shared") == {}
    await store.close()


@pytest.mark.parametrize("moved", ["journal", "journal/0000000"])
@pytest.mark.parametrize("known", ["written", "read", "listed"])
async def test_a_folder_of_the_log_that_was_moved_away_is_not_made_anew(
    opened, place, disks, moved, known
):
    store = opened if known == "written" else await DirectoryStore.open(place)
    if known == "read":
        assert await store.get(KEY) == b"before"
    if known == "listed":
        assert await store.list("journal/") == [KEY]
    (place / moved).rename(place / f"{moved}.x")

    outcome = await store.create(NEXT, b"after")
    assert isinstance(outcome, Undecided)
    assert f"the folder {moved} of the store is gone" in outcome.reason
    assert not (place / moved).exists()
    await store.put("node/a", b"another beat")

    (place / f"{moved}.x").rename(place / moved)
    assert await store.create(NEXT, b"after") == CREATED
    assert await store.list("journal/") == [KEY, NEXT]
    await store.close()

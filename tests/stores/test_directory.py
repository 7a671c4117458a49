"""Opening a directory store, sweeping it, filling it up, and closing it."""

from __future__ import annotations

import asyncio
import errno
import functools
import os
import threading
import time

import pytest

from brookline.errors import StoreError, StoreUnfit
from brookline.journal import keys
from brookline.stores.admission import find_stranger
from brookline.stores.directory import DirectoryStore
from brookline.stores.files import Files
from brookline.stores.names import TOP_LEVEL
from brookline.stores.store import CREATED, Undecided
from brookline.stores.sweep import sweep

KEY = "journal/0000000/0000000001"


def tree(root):
    """All that could have been touched."""
    paths = [root, *sorted(root.rglob("*"))]
    stats = [path.lstat() for path in paths]
    return [
        (str(path), stat.st_mode, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        for path, stat in zip(paths, stats, strict=True)
    ]


async def test_a_missing_directory_is_made_for_its_owner(tmp_path):
    store = await DirectoryStore.open(tmp_path / "shared")
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o700
    assert await store.create(KEY, b"data") == CREATED
    await store.close()


async def test_nodes_that_start_together_make_it_together(tmp_path):
    stores = await asyncio.gather(*(DirectoryStore.open(tmp_path / "new") for _ in range(8)))
    await stores[0].create(KEY, b"data")
    assert await stores[7].get(KEY) == b"data"
    for store in stores:
        await store.close()


async def test_a_directory_without_a_parent_is_refused(tmp_path):
    with pytest.raises(StoreUnfit, match="is it mounted"):
        await DirectoryStore.open(tmp_path / "missing" / "shared")
    assert list(tmp_path.iterdir()) == []


async def test_a_file_is_refused(tmp_path):
    path = tmp_path / "shared"
    path.write_text("hello")
    with pytest.raises(StoreUnfit, match="is not a directory"):
        await DirectoryStore.open(path)
    assert path.read_text() == "hello"


async def test_a_directory_that_holds_something_else_is_refused_untouched(tmp_path):
    (tmp_path / "thesis.tex").write_text("Chapter 1")
    (tmp_path / "figures").mkdir()
    (tmp_path / ".tmp-1").write_text("of somebody else")
    before = tree(tmp_path)
    with pytest.raises(StoreUnfit, match=r"holds something else \(figures, thesis.tex\)"):
        await DirectoryStore.open(tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        pytest.param({}, "", id="empty"),
        pytest.param({"lost+found": True, ".snapshot": True, ".nfs0": False}, "", id="a-mount"),
        pytest.param({"plane": False, "journal": True, "node": True}, "", id="a-plane"),
        pytest.param({"plane": False, "README": False}, "", id="a-plane-with-a-note"),
        pytest.param({"journal": True, "probe": True}, "", id="a-plane-that-never-began"),
        pytest.param({"journal": True, "x": True}, "holds something else (x)", id="mixed"),
        pytest.param(
            dict.fromkeys("abcdef", True),
            "holds something else (a, b, c and 3 more)",
            id="many",
        ),
        pytest.param(
            {"catalog": True, "entities": True, "plane": True},
            "holds the state of an Apache Brooklyn or AMP server (catalog, entities, plane)",
            id="amp",
        ),
    ],
)
def test_whose_a_directory_is_shows_in_its_names(names, problem):
    assert find_stranger(names.items()) == problem


def test_all_keys_of_the_journal_are_known_at_the_top_level():
    prefixes = (keys.JOURNAL, keys.SNAPSHOT, keys.NODE, keys.MAIL, keys.BLOB)
    single = {keys.PLANE, keys.MOVING, "probe"}
    assert {prefix.rstrip("/") for prefix in prefixes} | single == TOP_LEVEL


async def test_a_read_only_directory_is_refused(small_disk):
    mount = await asyncio.create_subprocess_exec("mount", "-o", "remount,ro", str(small_disk))
    assert await mount.wait() == 0
    with pytest.raises(StoreUnfit, match="read-only"):
        await DirectoryStore.open(small_disk)
    with pytest.raises(StoreUnfit, match="read-only"):
        await DirectoryStore.open(small_disk / "new")


async def test_a_directory_without_rights_is_refused(tmp_path):
    class Forbidden(Files):
        def may_use(self):
            return False

    with pytest.raises(StoreUnfit, match="cannot be written by this user"):
        await DirectoryStore.open(tmp_path, Forbidden)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_directory_of_another_user_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnfit, match="cannot be written by this user"):
        await DirectoryStore.open(tmp_path)


def broken_at(call, number, fail_at, open_tripwire, root):
    files = open_tripwire(root)
    files.trip = fail_at(number, call, times=99)
    return files


@pytest.mark.parametrize(
    ("call", "number", "expected", "text"),
    [
        pytest.param("fsync", errno.EINVAL, StoreUnfit, "make a directory durable", id="no-fsync"),
        pytest.param("fsync", errno.EIO, StoreError, "Input/output error", id="bad-disk"),
        pytest.param("names", errno.EIO, StoreError, "cannot be opened", id="not-answering"),
        pytest.param("names", errno.EACCES, StoreUnfit, "cannot be used", id="no-rights"),
    ],
)
async def test_what_the_file_system_says_at_opening_decides_whether_waiting_helps(
    tmp_path, fail_at, open_tripwire, call, number, expected, text
):
    opening = functools.partial(broken_at, call, number, fail_at, open_tripwire)
    with pytest.raises(StoreError, match=text) as raised:
        await DirectoryStore.open(tmp_path, opening)
    assert type(raised.value) is expected


def litter(root):
    """Temp files old and young, and what belongs to others; return what has to stay."""
    hours_ago = time.time() - 2 * 3600
    stay = []
    for place in ("", "journal/0000000", "node", "mail/a"):
        (root / place).mkdir(parents=True, exist_ok=True)
        for name, old in ((".tmp-a-1", True), (".tmp-b-1", False), (".nfs01", True), ("key", True)):
            path = root / place / name
            path.write_bytes(b"x")
            if old:
                os.utime(path, (hours_ago, hours_ago))
            if name != ".tmp-a-1":
                stay.append(path)
    return sorted(stay)


def files_in(root):
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_a_sweep_takes_temp_files_of_the_hour_before_and_nothing_else(tmp_path):
    stay = litter(tmp_path)
    assert sweep(Files(str(tmp_path))) == 4
    assert files_in(tmp_path) == stay


def test_a_sweep_that_fails_is_no_disaster(tripwire, tmp_path, fail_at):
    stay = litter(tmp_path)
    tripwire.trip = fail_at(errno.EIO, "names")
    assert sweep(tripwire) == 0
    assert set(stay) <= set(files_in(tmp_path))


async def test_opening_sweeps_in_the_background(tmp_path):
    stay = litter(tmp_path)
    (tmp_path / "plane").write_bytes(b"{}")
    store = await DirectoryStore.open(tmp_path)
    async with asyncio.timeout(10):
        while files_in(tmp_path) != sorted([*stay, tmp_path / "plane"]):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await store.close()


async def test_a_full_disk_loses_nothing_and_goes_on_when_there_is_room(small_disk):
    store = await DirectoryStore.open(small_disk)
    await store.put("node/a", b"x" * 20_000)
    kept = {}
    while True:
        key, data = f"journal/0000000/{len(kept):010d}", bytes([len(kept)]) * 20_000
        outcome = await store.create(key, data)
        if outcome != CREATED:
            break
        kept[key] = data
    assert isinstance(outcome, Undecided)
    assert "No space left on device" in outcome.reason
    assert len(kept) > 3
    with pytest.raises(StoreError, match="No space left"):
        await store.put("node/a", b"y" * 200_000)
    assert {each: await store.get(each) for each in await store.list("journal/")} == kept
    assert await store.get("node/a") == b"x" * 20_000
    assert not [path for path in files_in(small_disk) if path.name.startswith(".tmp-")]
    await store.delete("node/a")
    assert await store.create(key, data) == CREATED
    assert store.broken == ""
    await store.close()


async def test_calls_that_fail_say_what_they_wanted_and_where(tmp_path, open_tripwire):
    made = []
    store = await DirectoryStore.open(
        tmp_path, lambda root: made.append(open_tripwire(root)) or made[0]
    )

    def trip(call: str) -> None:
        raise OSError(errno.EIO, "Input/output error")

    made[0].trip = trip
    for operation, call in {
        "read node/a": store.get("node/a"),
        "write node/a": store.put("node/a", b""),
        "delete node/a": store.delete("node/a"),
        "list node/": store.list("node/"),
        "list the store": store.list(""),
        "settle node/a": store.settle("node/a"),
    }.items():
        with pytest.raises(
            StoreError, match=f"cannot {operation} in {tmp_path}: Input/output error"
        ):
            await call
    await store.close()


async def test_a_closed_store_answers_nothing_and_leaves_no_thread(tmp_path):
    before = set(threading.enumerate())
    store = await DirectoryStore.open(tmp_path)
    await asyncio.gather(*(store.get(f"node/{n}") for n in range(20)))
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="is closed"):
        await store.get("node/a")
    assert isinstance(await store.create(KEY, b""), Undecided)
    for thread in set(threading.enumerate()) - before:
        await asyncio.to_thread(thread.join, 10)
        assert not thread.is_alive()


async def test_a_connection_that_hangs_does_not_hold_up_another(tmp_path):
    released = threading.Event()

    class Hanging(Files):
        def read(self, fd):
            released.wait()
            return super().read(fd)

    hanging = await DirectoryStore.open(tmp_path, Hanging)
    sound = await DirectoryStore.open(tmp_path)
    await sound.put("node/a", b"beat")
    waiting = [asyncio.ensure_future(hanging.get("node/a")) for _ in range(30)]
    assert await sound.get("node/a") == b"beat"
    assert not any(each.done() for each in waiting)
    await hanging.close()  # at once, though its threads hang
    released.set()
    assert await asyncio.gather(*waiting) == [b"beat"] * 30
    await sound.close()

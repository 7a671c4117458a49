from __future__ import annotations

import asyncio
import threading

import msgspec
import pytest

from brookline.errors import StoreError
from brookline.journal.rules import ALL_RULES
from brookline.plane.heart import Signs
from brookline.server.heart_thread import HeartThread
from brookline.server.late_store import LateStore
from brookline.stores.registry import open_store
from brookline.stores.store import CREATED, Undecided
from brookline.values.clock import SystemClock
from brookline.wire.heartbeats import Heartbeat

HEARTBEAT = Heartbeat(
    instance="inst1", name="n1", home="h", counter=0, state="STANDBY", mode="AUTO", wall_ms=0
)


class Listener:
    """Takes the reports of a heart, from its thread."""

    def __init__(self) -> None:
        self.threads: set[str] = set()
        self.beats = threading.Semaphore(0)
        self.lively = True

    def signs(self) -> Signs:
        return Signs(content=lambda: HEARTBEAT, lively=lambda: self.lively, report=self.report)

    def report(self, _beat: object) -> None:
        self.threads.add(threading.current_thread().name)
        self.beats.release()


@pytest.fixture
def listener() -> Listener:
    return Listener()


def unexpected(fault: BaseException) -> None:
    raise AssertionError(f"the heart has failed: {fault}")


def heart(url, poll_s=0.01, fail=unexpected):
    clock = SystemClock()
    return HeartThread(
        lambda: open_store(url, clock), clock, poll_s=poll_s, rules=ALL_RULES, fail=fail
    )


async def counter(url) -> int:
    store = await open_store(url, SystemClock())
    data = await store.get("node/inst1")
    await store.close()
    return msgspec.json.decode(data, type=Heartbeat).counter if data else 0


async def test_it_beats_while_the_main_loop_hangs(tmp_path, listener):
    pulse = heart(str(tmp_path / "store"))
    await pulse.start(listener.signs())

    for _ in range(5):
        listener.beats.acquire()  # blocks the loop of this test

    await pulse.stop()
    assert listener.threads == {"heart"}
    assert await counter(str(tmp_path / "store")) >= 5


async def test_a_beat_that_is_asked_for_comes_at_once(tmp_path, listener):
    pulse = heart(str(tmp_path / "store"), poll_s=3600)
    await pulse.start(listener.signs())
    listener.beats.acquire()

    beat = await pulse.beat()

    assert beat.sent is not None
    assert beat.sent.counter == 2
    assert beat.confirmed
    await pulse.stop()


async def test_after_its_end_it_beats_no_more(tmp_path, listener):
    pulse = heart(str(tmp_path / "store"))
    await pulse.start(listener.signs())
    await pulse.stop()
    await pulse.stop()
    before = await counter(str(tmp_path / "store"))

    with pytest.raises(StoreError):
        await pulse.beat()

    assert "heart" not in {thread.name for thread in threading.enumerate() if thread.is_alive()}
    assert await counter(str(tmp_path / "store")) == before


async def test_a_store_that_cannot_be_opened_is_told_where_the_start_is_awaited(tmp_path, listener):
    (tmp_path / "store").write_text("a file")

    with pytest.raises(StoreError, match="not a directory"):
        await heart(str(tmp_path / "store")).start(listener.signs())


async def test_a_start_that_is_given_up_leaves_no_heart_when_the_store_answers_at_last(
    tmp_path, listener
):
    asked, answers = threading.Event(), threading.Event()

    async def connect():
        asked.set()
        answers.wait()
        return await open_store(str(tmp_path / "store"), SystemClock())

    pulse = HeartThread(connect, SystemClock(), poll_s=0.01, rules=ALL_RULES, fail=unexpected)
    starting = asyncio.ensure_future(pulse.start(listener.signs()))
    await asyncio.to_thread(asked.wait)
    [thread] = [each for each in threading.enumerate() if each.name == "heart"]
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    answers.set()

    await asyncio.to_thread(thread.join)

    assert listener.threads == set()
    assert await counter(str(tmp_path / "store")) == 0


async def test_a_late_store_answers_once_it_is_there(tmp_path):
    clock, path = SystemClock(), tmp_path / "store"
    opened: list[int] = []

    async def connect():
        opened.append(1)
        if not path.exists():
            raise StoreError("not yet")
        return await open_store(str(path), clock)

    store = LateStore(connect)
    assert isinstance(await store.create("mail/a", b"1"), Undecided)
    with pytest.raises(StoreError, match="not yet"):
        await store.get("mail/a")

    path.mkdir()
    answers = await asyncio.gather(
        store.create("mail/a", b"1"), store.create("mail/b", b"2"), store.list("mail/z")
    )

    assert answers == [CREATED, CREATED, []]
    assert len(opened) == 3
    await store.put("node/a", b"3")
    assert await store.get("node/a") == b"3"
    await store.settle("mail/a")
    await store.delete("mail/a")
    assert await store.list("mail/") == ["mail/b"]
    await store.close()


async def test_a_fault_that_ends_the_beats_is_told_to_the_main_loop(tmp_path):
    told = asyncio.get_running_loop().create_future()
    pulse = heart(str(tmp_path / "store"), fail=told.set_result)

    def broken() -> Heartbeat:
        raise OverflowError("too large")

    await pulse.start(Signs(content=broken, lively=lambda: True, report=lambda _beat: None))

    assert str(await told) == "too large"
    await pulse.stop()
    with pytest.raises(StoreError):
        await pulse.beat()

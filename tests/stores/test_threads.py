from __future__ import annotations

import asyncio
import threading

import pytest

from brookline.stores.threads import Closed, Threads


@pytest.fixture
def threads():
    made = Threads("test", 3)
    yield made
    made.close()


async def test_work_is_done_in_another_thread_and_its_result_comes_back(threads):
    assert await threads.run(lambda: threading.current_thread().name) == "test-1"


async def test_what_work_raises_is_raised_where_it_is_awaited(threads):
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    assert await threads.run(lambda: "and the thread lives") == "and the thread lives"


async def test_one_thread_is_enough_for_one_call_at_a_time(threads):
    names = {await threads.run(lambda: threading.current_thread().name) for _ in range(50)}
    assert names == {"test-1"}


async def test_at_most_so_many_calls_block_at_the_same_time(threads):
    gate, inside, most, lock = threading.Barrier(3), [0], [0], threading.Lock()

    def work() -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        gate.wait(10)  # passes only if three are here
        with lock:
            inside[0] -= 1

    await asyncio.gather(*(threads.run(work) for _ in range(12)))
    assert most == [3]


async def test_work_in_line_is_not_begun_when_its_caller_has_gone(threads):
    gate, done = threading.Event(), []
    busy = [asyncio.ensure_future(threads.run(gate.wait)) for _ in range(3)]
    await asyncio.sleep(0)
    gone = asyncio.ensure_future(threads.run(lambda: done.append("never")))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    gate.set()
    await asyncio.gather(*busy)
    await threads.run(lambda: done.append("after"))
    assert done == ["after"]


async def test_work_that_has_begun_goes_on_when_its_caller_goes(threads):
    begun, gate, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        gate.wait(10)
        done.set()

    caller = asyncio.ensure_future(threads.run(work))
    await asyncio.to_thread(begun.wait, 10)
    caller.cancel()
    await asyncio.wait([caller])
    gate.set()
    assert await asyncio.to_thread(done.wait, 10)


async def test_after_closing_what_was_in_line_is_done_and_nothing_more(threads):
    gate = threading.Event()
    waiting = [asyncio.ensure_future(threads.run(gate.wait)) for _ in range(9)]
    await asyncio.sleep(0)
    threads.close()
    with pytest.raises(Closed):
        await threads.run(lambda: None)
    with pytest.raises(Closed):
        threads.post(lambda: None)
    gate.set()
    assert await asyncio.gather(*waiting) == [True] * 9


def test_several_loops_can_use_them_and_one_that_ended_does_no_harm(threads):
    gate = threading.Event()

    async def leave() -> None:
        asyncio.ensure_future(threads.run(gate.wait))  # noqa: RUF006  # left behind on purpose
        await asyncio.sleep(0)

    async def ask() -> int:
        return await threads.run(lambda: 7)

    for _ in range(3):
        asyncio.run(leave())
    gate.set()
    assert asyncio.run(ask()) == 7


async def test_work_waits_in_line_while_the_system_has_no_thread_to_spare(threads, monkeypatch):
    let_go = threading.Event()
    busy = asyncio.ensure_future(threads.run(let_go.wait))
    await asyncio.sleep(0)

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as system:
        system.setattr(threading.Thread, "start", start)
        waiting = asyncio.ensure_future(threads.run(threading.get_ident))
        await asyncio.sleep(0)
    let_go.set()

    assert await busy
    assert await waiting
    gate = threading.Barrier(3)  # all of the limit are still to be had
    await asyncio.gather(*(threads.run(gate.wait) for _ in range(3)))

from __future__ import annotations

import asyncio
import gc

import pytest

from brookline.testing.clock import SimClock
from brookline.testing.host import Run, current_host
from brookline.testing.loop import SimLoop, Stalled


@pytest.fixture
def loop():
    return SimLoop()


def ticks(host, seen, every=1.0):
    async def tick():
        while True:
            await host.clock.sleep(every)
            seen.append(round(host.clock.monotonic(), 6))

    return tick()


def test_an_hour_passes_at_once(loop):
    async def story():
        await asyncio.sleep(3600)
        return loop.time()

    assert loop.run(story()) == 3600


def test_what_waits_for_nothing_is_found(loop):
    async def story():
        await asyncio.Event().wait()

    with pytest.raises(Stalled):
        loop.run(story())


def test_code_knows_its_host(loop):
    a, b = loop.host("a"), loop.host("b")
    seen = []

    async def who():
        await asyncio.sleep(1)
        seen.append(current_host())

    async def story():
        a.spawn(who())
        b.spawn(who())
        await asyncio.sleep(2)
        seen.append(current_host())

    loop.run(story())
    assert seen == [a, b, None]


def test_a_killed_host_never_runs_again_nor_cleans_up(loop):
    host, seen = loop.host("a"), []

    async def node():
        try:
            await asyncio.sleep(1)
            seen.append("begun")
            await asyncio.sleep(5)
        except BaseException:
            seen.append("caught")
            raise
        finally:
            seen.append("cleaned")

    async def story():
        host.spawn(node())
        await asyncio.sleep(2)
        host.kill()
        await asyncio.sleep(60)
        gc.collect()
        return list(seen)

    assert loop.run(story()) == ["begun"]
    gc.collect()
    assert not loop.accidents


def test_a_host_can_die_between_any_two_steps(loop):
    host, seen = loop.host("a"), []

    async def node():
        while True:
            seen.append(len(seen))
            await asyncio.sleep(0)

    async def story():
        host.spawn(node())
        host.after(5, host.kill)
        await asyncio.sleep(1)

    loop.run(story())
    assert seen == [0, 1, 2, 3, 4]
    assert host.run is Run.DEAD


def test_what_a_dead_host_awaits_may_still_come_true(loop):
    host, seen = loop.host("a"), []

    async def story():
        answer = loop.create_future()

        async def node():
            seen.append(await answer)

        host.spawn(node())
        await asyncio.sleep(1)
        host.kill()
        answer.set_result("too late")
        await asyncio.sleep(1)

    loop.run(story())
    assert not seen


@pytest.mark.parametrize(
    ("pause", "during", "monotonic", "boottime", "wall_s"),
    [
        pytest.param("stop", [1, 2, 12], 20, 20, 20, id="stopped: all clocks go on"),
        pytest.param("sleep", [1, 2, 3], 10, 20, 20, id="asleep: monotonic stands still"),
        pytest.param("freeze", [1, 2, 3], 10, 10, 10, id="frozen: no clock sees it"),
    ],
)
def test_a_pause_defers_everything(loop, pause, during, monotonic, boottime, wall_s):
    host, seen = loop.host("a"), []

    async def story():
        began = host.clock.wall_ms()
        host.spawn(ticks(host, seen))
        await asyncio.sleep(2.5)
        getattr(host, pause)()
        await asyncio.sleep(10)
        assert seen == [1, 2]
        host.resume()
        await asyncio.sleep(0.6)
        assert [round(when) for when in seen] == during
        await asyncio.sleep(6.9)
        assert host.clock.monotonic() == pytest.approx(monotonic)
        assert host.clock.boottime() == pytest.approx(boottime)
        assert host.clock.wall_ms() - began == pytest.approx(1000 * wall_s)

    loop.run(story())


def test_time_outs_are_counted_on_the_hosts_own_clock(loop):
    host = loop.host("a", SimClock(loop.true_time, rate=0.5, monotonic_s=1000))

    async def node():
        try:
            async with asyncio.timeout(3):
                await asyncio.Event().wait()
        except TimeoutError:
            return loop.true_time(), host.clock.monotonic()

    async def story():
        return await host.spawn(node())

    assert loop.run(story()) == pytest.approx((6, 1003))


def test_a_wall_clock_that_jumps_moves_nothing_else(loop):
    host, seen = loop.host("a"), []

    async def story():
        before = host.clock.wall_ms()
        host.spawn(ticks(host, seen))
        host.clock.jump_wall(-3600)
        await asyncio.sleep(3.5)
        assert host.clock.wall_ms() - before == -3600_000 + 3500

    loop.run(story())
    assert seen == [1, 2, 3]


def test_sets_of_tasks_have_the_order_of_their_ages(loop):
    async def story():
        here = asyncio.get_running_loop()
        tasks = {here.create_task(asyncio.sleep(1), name=f"task {i}") for i in range(50)}
        return [task.get_name() for task in tasks]

    assert loop.run(story()) == SimLoop().run(story())


def test_what_a_thread_would_do_is_a_step_of_the_same_host(loop):
    host = loop.host("a")
    seen = []

    def work(what):
        seen.append((current_host(), what))
        if what == "fails":
            raise ValueError(what)
        return what

    async def node():
        assert await asyncio.to_thread(work, "done") == "done"
        with pytest.raises(ValueError, match="fails"):
            await asyncio.to_thread(work, "fails")

    async def story():
        await host.spawn(node())

    loop.run(story())
    assert seen == [(host, "done"), (host, "fails")]


def test_an_error_that_nobody_retrieves_is_an_accident(loop):
    host = loop.host("a")

    async def node():
        raise ValueError("nobody looks")

    async def story():
        host.spawn(node())
        await asyncio.sleep(1)
        gc.collect()

    loop.run(story())
    assert [str(accident["exception"]) for accident in loop.accidents] == ["nobody looks"]

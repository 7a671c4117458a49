"""Limits of time and numbers of attempts, which count on while masters come and go."""

import asyncio

import pytest
from tests.operations.actions import halt

from brookline.errors import CommandFailed
from brookline.operations.retention import with_parts
from brookline.operations.retry import Retry
from brookline.operations.safety import guarded, repeatable
from brookline.operations.task import KIND, Status
from brookline.wire.changes import Merge


@pytest.mark.slow
@pytest.mark.parametrize("retry", [None, Retry(attempts=2)])
async def test_a_command_that_ended_in_time_is_no_failure_though_its_time_is_over_meanwhile(
    bench, until, ran, gate, retry
):
    async def body(op):
        return await op.step("run", halt(ran, gate, mark=guarded), timeout_s=1.0, retry=retry)

    task = await bench.submit(body)
    await until(lambda: ran and all(bench.record(part) for part in with_parts(task)))
    await bench.supervisor.deactivate()
    await asyncio.sleep(1.0)
    await bench.fail_over()
    await until(lambda: len(ran) == 2)
    await asyncio.sleep(0.1)
    gate.set()
    task = await bench.ended(task)
    assert (task.status, task.result) == (Status.COMPLETED, "halt")


async def test_a_time_out_goes_on_counting(bench, until, ran, gate):
    async def body(op):
        await op.step("slow", halt(ran, gate), timeout_s=30)

    task = await bench.submit(body)
    await until(lambda: task.children and bench.record(task.children[0]))
    part = task.children[0]
    long_ago = bench.record(part)["started"] - 31_000
    bench.recorder.note(Merge(KIND, part.id, {"started": long_ago}))
    task = await bench.ended_by_next(task)
    assert (task.status, task.error) == (Status.FAILED, "slow did not end within 30s")


async def test_a_pause_is_not_begun_anew(bench, until, ran):
    async def body(op):
        await op.sleep(0.01)
        ran.append("behind")
        await op.sleep(3600)

    task = await bench.submit(body)
    await until(lambda: ran == ["behind"])
    await until(lambda: "+sleep until#2" in bench.record(task))
    bench.recorder.note(Merge(KIND, task.id, {"+sleep until#2": 0}))
    await bench.ended_by_next(task)


async def test_a_pause_that_is_over_stays_so_by_another_clock(bench, until, ran, gate):
    seconds = [0.01]

    @repeatable
    async def wait():
        ran.append("behind")
        await gate.wait()

    async def body(op):
        await op.sleep(seconds[0])
        await op.step("wait", wait)

    task = await bench.submit(body)
    await until(lambda: ran == ["behind"])
    seconds[0] = 3600
    bench.recorder.note(Merge(KIND, task.id, {"+sleep until#1": 10**13}))
    await bench.fail_over()
    await until(lambda: ran == ["behind"] * 2)
    gate.set()
    await bench.ended(task)


async def test_attempts_are_counted_over_masters(bench, until, ran, gate):
    @repeatable
    async def fail():
        ran.append("try")
        if len(ran) == 2:
            await gate.wait()
        raise CommandFailed("no", 1)

    async def body(op):
        await op.step("fetch", fail, retry=Retry(attempts=3, first_s=0.01))

    task = await bench.submit(body)
    await until(lambda: len(ran) == 2)
    task = await bench.ended_by_next(task)
    assert task.status is Status.FAILED
    [fetch] = task.children
    assert [part.name for part in fetch.children] == ["attempt"] * 3
    assert len(ran) == 4, "the second attempt had no outcome and ran again"

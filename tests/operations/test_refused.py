"""A cancellation that was refused, for the store is away, has no consequences."""

import asyncio

import pytest
from tests.operations.actions import act, halt

from brookline.errors import Outcome, Unavailable
from brookline.operations.task import Status


class Refusing:
    """The next commit of a bench is decided, and then refused once it is let go; those after are not."""

    def __init__(self, bench):
        self._bench, self._commit = bench, bench.recorder.commit
        self.asked, self.go = asyncio.Event(), asyncio.Event()
        bench.recorder.commit = self

    async def __call__(self, decide, **options):
        if self.asked.is_set():
            return await self._commit(decide, **options)
        self.asked.set()
        decide(self._bench.recorder.records)
        await self.go.wait()
        raise Unavailable("the store does not answer", Outcome.NOT_DONE)


@pytest.fixture
def let_go():
    return asyncio.Event()


async def goes_on(bench, task, let_go, until):
    """See to it that a task is not being cancelled, and completes."""
    await until(lambda: task.waits_for == "to be let go")
    await asyncio.sleep(0.2)  # as long as it may take to see that it rests, and could be cancelled
    let_go.set()
    assert (await bench.ended(task)).status is Status.COMPLETED


@pytest.fixture
async def waiting(bench, until, gate, let_go):
    """An operation that waits for its turn until the gate opens, and then to be let go."""

    async def body(op):
        await gate.wait()  # its own code

    async def resting(op):
        with op.waiting("to be let go"):
            await let_go.wait()

    for _ in range(32):
        await bench.submit(body, submitted_ms=1)
    last = await bench.submit(resting, submitted_ms=1)
    await bench.fail_over()
    last = bench.tasks.get(last.id)
    await until(lambda: last.waits_for)
    return last


@pytest.mark.parametrize("decided", [True, False])
async def test_what_waits_for_its_turn_goes_on_if_its_cancellation_was_refused(
    bench, waiting, gate, let_go, until, decided
):
    if decided:
        Refusing(bench).go.set()
    else:
        bench.recorder.away = True
    with pytest.raises(Unavailable):
        await bench.supervisor.cancel(waiting)
    bench.recorder.away = False
    gate.set()
    await goes_on(bench, waiting, let_go, until)


async def test_one_whose_turn_comes_before_its_cancellation_is_refused_goes_on(
    bench, waiting, gate, let_go, until
):
    refusing = Refusing(bench)
    cancelling = asyncio.ensure_future(bench.supervisor.cancel(waiting))
    await refusing.asked.wait()
    gate.set()
    await until(lambda: waiting.waits_for == "to be let go")
    refusing.go.set()
    with pytest.raises(Unavailable):
        await cancelling
    await goes_on(bench, waiting, let_go, until)


@pytest.mark.parametrize("refused", ["before", "after"])
async def test_it_ends_if_another_cancellation_was_not_refused(
    bench, waiting, gate, until, refused
):
    refusing = Refusing(bench)
    first = asyncio.ensure_future(bench.supervisor.cancel(waiting))
    await refusing.asked.wait()
    if refused == "before":
        bench.recorder.said.clear()
    second = asyncio.ensure_future(bench.supervisor.cancel(waiting))
    await until(lambda: bench.record(waiting).get("cancelling"))
    refusing.go.set()
    with pytest.raises(Unavailable):
        await first
    bench.recorder.said.set()
    gate.set()
    assert await second
    assert waiting.status is Status.CANCELLED


async def test_what_is_recorded_later_of_a_part_does_not_say_that_it_was_cancelled(
    bench, until, ran, gate
):
    async def body(op):
        await op.step("halt", halt(ran, gate))
        await op.step("one", act(ran, "one"))

    task = await bench.submit(body)
    await until(lambda: ran)
    part = task.children[0]
    Refusing(bench).go.set()
    with pytest.raises(Unavailable):
        await bench.supervisor.cancel(part)
    await until(lambda: bench.record(part))
    assert "cancelling" not in bench.record(part)
    task = await bench.ended_by_next(task, gate)
    assert (task.status, ran) == (Status.COMPLETED, ["halt", "halt", "one"])

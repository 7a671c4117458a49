"""How work ends that raises or returns what nobody can keep."""

import asyncio

import pytest
from tests.operations.actions import Caller, halt

from brookline.errors import BrooklineError, InvalidInput
from brookline.journal.queue import Decision
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.operations.storing import MOST_CHARS, error_of, failure_of, shown, storable_error
from brookline.operations.task import KIND, Status
from brookline.operations.works import work
from brookline.wire.changes import Merge

ODD = "bad \udcff"


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("nothing to say")


class Panic(BaseException):
    """As extensions in other languages raise it."""


def _in_itself():
    found = []
    found.append(found)
    return found


def _raising(error):
    def fail():
        raise error

    return fail


@pytest.mark.parametrize(
    "error", [Panic("odd"), KeyboardInterrupt(), GeneratorExit(), Unspeakable()]
)
@pytest.mark.parametrize("in_step", [True, False])
async def test_an_error_that_is_no_exception_of_code_or_says_nothing_ends_the_work(
    bench, error, in_step
):
    async def body(op):
        if in_step:
            await op.step("odd", _raising(error))
        raise error

    task = await bench.submit(body)
    assert await task.wait(5)
    assert (task.status, bench.record(task)["status"]) == (Status.FAILED, "failed")
    await bench.supervisor.deactivate()


async def test_code_that_is_cancelled_and_ends_as_a_generator_does_is_cancelled(bench, until):
    async def body(op):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise GeneratorExit from None

    task = await bench.submit(body)
    await until(lambda: task.status is Status.RUNNING)
    await asyncio.sleep(0)
    assert await bench.supervisor.cancel(task)
    assert (task.status, bench.record(task)["status"]) == (Status.CANCELLED, "cancelled")


async def test_work_that_another_version_recorded_says_what_is_missing(bench, gate):
    async def body(op):
        await op.step("wait", halt([], gate))

    first, odd, last = [await bench.submit(body) for _ in range(3)]
    bench.kinds["odd"] = lambda task: task.work["entity"]
    await bench.recorder.commit(
        lambda _view: Decision([Merge(KIND, odd.id, {"work": work("odd")})])
    )
    await bench.fail_over()
    gate.set()
    odd = await bench.ended(odd)
    assert (odd.status, odd.interruption["cause"]) == (Status.INTERRUPTED, "gone")
    assert "'entity' is missing" in odd.error
    for task in (first, last):
        assert (await bench.ended(task)).status is Status.COMPLETED


@pytest.mark.parametrize(
    "error",
    [RuntimeError(ODD), InvalidInput(ODD, data={"name": ODD}), RuntimeError("x" * 5_000_000)],
    ids=["text", "data", "long"],
)  # fmt: skip
@pytest.mark.parametrize("in_step", [True, False])
async def test_an_error_that_cannot_be_kept_as_it_is_ends_the_work(bench, error, in_step):
    async def body(op):
        if in_step:
            await op.step("list", _raising(error))
        raise error

    task = await bench.submit(body)
    assert await task.wait(5)
    assert (task.status, bench.record(task)["status"]) == (Status.FAILED, "failed")
    assert [part.status for part in task.children] == [Status.FAILED] * in_step
    assert task.record_bytes() < 4 * MOST_CHARS


@pytest.mark.parametrize("result", [ODD, {"name": ODD}, _in_itself()])
async def test_a_result_that_cannot_be_stored_is_told_by_a_remark(bench, result):
    async def body(op):
        return result

    task = await bench.submit(body)
    assert await task.wait(5)
    assert task.status is Status.COMPLETED
    assert bench.record(task)["result"].startswith("(a result that cannot be stored is not kept")


async def test_a_call_with_what_cannot_be_stored_is_recorded_all_the_same(bench):
    async def called(op):
        return "done"

    async def body(op):
        return await op.call(Caller(called), "go", {"name": ODD})

    task = await bench.submit(body)
    assert await task.wait(5)
    assert (task.status, task.result) == (Status.COMPLETED, "done")


async def test_an_interruption_whose_reason_cannot_be_stored_is_one(bench):
    async def body(op):
        await op.step("list", _raising(StepInterrupted(Cause.LOST, ODD)))

    task = await bench.submit(body)
    assert await task.wait(5)
    assert (task.status, task.interruption["reason"]) == (Status.INTERRUPTED, "bad ?")


@pytest.mark.parametrize(
    "error", [RuntimeError(ODD), InvalidInput(ODD), RuntimeError("x" * 20_000)]
)
def test_whoever_runs_again_catches_the_same_error(error):
    first = storable_error(error)
    again = error_of(failure_of(first))
    assert (type(again), str(again)) == (type(first), str(first))


def test_data_of_an_error_that_cannot_be_stored_is_a_remark():
    kept = failure_of(BrooklineError("no", data={"a": ODD}))["data"]
    assert kept["data"].startswith("(a result that cannot be stored")
    assert failure_of(BrooklineError("no", data={"a": 1}))["data"] == {"a": 1}


def test_a_number_that_json_does_not_know_is_none():
    assert shown({"load": float("nan")}) == {"load": None}

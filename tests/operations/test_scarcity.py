"""What this server lacks is no outcome of a step that may be run again."""

import errno

import pytest

from brookline.errors import RemoteError
from brookline.operations.operation import current
from brookline.operations.safety import guarded, repeatable
from brookline.operations.scarcity import is_scarcity
from brookline.operations.task import Status


def caused(cause):
    error = RemoteError("sh cannot be started")
    error.__cause__ = cause
    return error


LACKS = {
    "memory": MemoryError(),
    "threads": RuntimeError("can't start new thread"),
    "files": OSError(errno.EMFILE, "Too many open files"),
    "processes": caused(BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")),
}


def type_name(error):
    return type(error).__name__


@pytest.mark.parametrize("error", list(LACKS.values()), ids=list(LACKS))
def test_it_is_told_from_other_errors(error):
    assert is_scarcity(error)


@pytest.mark.parametrize(
    "error",
    [
        caused(FileNotFoundError(2, "sh")),
        RuntimeError("broken"),
        OSError("broken"),
        BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),  # as of a lock
    ],
    ids=type_name,
)
def test_others_are_not_taken_for_it(error):
    assert not is_scarcity(error)


@pytest.mark.slow
@pytest.mark.parametrize("mark", [guarded, repeatable], ids=["guarded", "repeatable"])
async def test_a_step_is_run_again_under_the_same_id_once_there_is_enough(bench, mark):
    ran = []

    @mark
    async def act():
        ran.append((current().guard_id(), current().fresh))
        if len(ran) == 1:
            raise MemoryError
        return "done"

    async def body(op):
        return await op.step("act", act)

    task = await bench.submit(body)
    assert await task.wait(20)
    assert (task.status, task.result) == (Status.COMPLETED, "done")
    [step] = task.children
    assert ran == [(step.id, True), (step.id, False)]


async def test_a_step_that_must_not_be_done_twice_fails(bench):
    ran = []

    async def act():
        ran.append(1)
        raise MemoryError

    async def body(op):
        await op.step("act", act)

    task = await bench.submit(body)
    assert await task.wait(20)
    assert (task.status, ran) == (Status.FAILED, [1])

"""What machines keep of steps, and when it is cleared away."""

from brookline.errors import RemoteError
from brookline.operations.leavings import Command, Leavings
from brookline.values.clock import SystemClock


class Machine:
    """Notes what it is asked to clear away."""

    def __init__(self, *, answers=True):
        self.cleared = []
        self.answers = answers

    async def collect(self, step_ids, epoch=0):
        if not self.answers:
            raise RemoteError("nobody there")
        self.cleared.append(list(step_ids))


class Later(SystemClock):
    """A clock that can be set forward."""

    ahead_s = 0.0

    def monotonic(self):
        return super().monotonic() + self.ahead_s


async def test_it_is_kept_for_a_while_and_then_cleared_away_machine_by_machine():
    clock, one, other = Later(), Machine(), Machine()
    leavings = Leavings(clock, kept_s=60)
    leavings.add([Command(one, "a"), Command(other, "b"), Command(one, "c")])
    await leavings.clear()
    assert (one.cleared, other.cleared) == ([], [])
    clock.ahead_s = 61
    leavings.add([Command(one, "d")])
    await leavings.clear()
    assert (one.cleared, other.cleared) == ([["a", "c"]], [["b"]])


async def test_a_machine_that_does_not_answer_holds_up_no_other():
    clock, gone, other = Later(), Machine(answers=False), Machine()
    leavings = Leavings(clock, kept_s=0)
    leavings.add([Command(gone, "a"), Command(other, "b")])
    await leavings.clear()
    assert other.cleared == [["b"]]


async def test_what_an_operation_left_is_cleared_away_once_it_has_ended(bench):
    machine = Machine()

    async def body(op):
        part = op.begin_step("run", lambda: part.leaves(machine, "s1", "m1"))
        await op.join(part)

    task = await bench.submit(body)
    await task.wait(5)
    leavings = bench.supervisor._leavings
    leavings._kept_s = 0
    await leavings.clear()
    assert machine.cleared == [["s1"]]

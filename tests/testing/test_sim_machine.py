import asyncio
import random

import pytest

from brookline.errors import Fenced, Unreachable
from brookline.locations.guard import Guard, Step
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.testing.clock import SimClock
from brookline.testing.loop import SimLoop
from brookline.testing.sim_link import Link, MachineOdds
from brookline.testing.sim_location import SimShell
from brookline.testing.sim_machine import Behaviour, SimMachine

HELLO = b"go 0\nhello\n"


class Witness:
    """Sees what happens."""

    def __init__(self):
        self.seen = []

    def behaviour(self, step, script):
        takes_s = 9.0 if script == "stubborn" else 2.0
        return Behaviour(takes_s, 0, script.encode(), stubborn=script == "stubborn")

    def asked(self, machine, what, step, epoch):
        self.seen.append((what, step))

    def began(self, machine, step, epoch, script):
        self.seen.append(("begins", step))

    def ended(self, machine, step, code):
        self.seen.append(("ends", step, code))


class Sink:
    """Keeps what a step writes."""

    def __init__(self):
        self.got = b""

    def place(self, stream):
        return len(self.got) if stream == "stdout" else 0

    def began(self, age_s):
        pass

    async def write(self, stream, content):
        self.got += content


@pytest.fixture
def loop():
    return SimLoop()


@pytest.fixture
def witness():
    return Witness()


@pytest.fixture
def machine(loop, witness):
    return SimMachine(loop, random.Random(1), "m", witness=witness)


@pytest.fixture
def guard(loop, machine):
    return Guard(SimShell(machine, SimClock(loop.true_time)), "/guard", "/guard/own")


def test_a_step_runs_once_whoever_asks_and_each_gets_what_it_wrote(loop, witness, guard):
    first, second = Sink(), Sink()

    async def story():
        return await asyncio.gather(
            guard.run(Step("t1", 1, fresh=True), HELLO, first),
            guard.run(Step("t1", 2), HELLO, second),
        )

    one, other = loop.run(story())
    assert (one.code, other.code) == (0, 0)
    assert (first.got, second.got) == (b"hello", b"hello")
    assert witness.seen.count(("begins", "t1")) == 1


def test_a_lower_epoch_is_refused(loop, guard):
    async def story():
        await guard.run(Step("t1", 2, fresh=True), HELLO, Sink())
        with pytest.raises(Fenced):
            await guard.run(Step("t2", 1, fresh=True), HELLO, Sink())

    loop.run(story())


@pytest.mark.parametrize(
    ("befalls", "cause"), [("reboot", "rebooted"), ("reset", "reset"), ("lose_folder", "reset")]
)
def test_what_a_machine_lost_is_not_begun_again(loop, witness, machine, guard, befalls, cause):
    async def story():
        running = asyncio.ensure_future(guard.run(Step("t1", 1, fresh=True), HELLO, Sink()))
        await asyncio.sleep(1)
        getattr(machine, befalls)()
        with pytest.raises(StepInterrupted) as why:
            await running
        assert why.value.cause is Cause(cause)

    loop.run(story())
    assert witness.seen.count(("begins", "t1")) == 1


def test_a_command_that_is_killed_before_it_comes_never_begins(loop, witness, machine, guard):
    async def story():
        await guard.init()
        machine.odds = MachineOdds(late=1.0, late_s=60.0)
        running = asyncio.ensure_future(guard.run(Step("t1", 1, fresh=True), HELLO, Sink()))
        await asyncio.sleep(0.01)
        machine.odds = MachineOdds()
        running.cancel()
        assert (await guard.kill(Step("t1", 1), "cancelled")) is None
        await asyncio.sleep(100)

    loop.run(story())
    assert witness.seen == [("kill", "t1"), ("run", "t1")]


def test_a_kill_whose_answer_is_lost_is_asked_again(loop, witness, machine, guard):
    async def story():
        running = asyncio.ensure_future(guard.run(Step("t1", 1, fresh=True), HELLO, Sink()))
        await asyncio.sleep(1)
        machine.odds = MachineOdds(lost=1.0)
        killing = asyncio.ensure_future(guard.kill(Step("t1", 1), "cancelled"))
        await asyncio.sleep(0.005)
        machine.odds = MachineOdds()
        assert (await killing).code == 143
        assert (await running).why == "cancelled"

    loop.run(story())
    assert ("ends", "t1", 143) in witness.seen


def test_an_output_goes_on_where_the_answer_broke_off(loop, machine, guard):
    async def story():
        await guard.run(Step("t1", 1, fresh=True), HELLO, Sink())
        machine.odds = MachineOdds(lost=1.0)
        reading = asyncio.ensure_future(read())
        await asyncio.sleep(0.005)
        machine.odds = MachineOdds()
        return await reading

    async def read():
        return b"".join([content async for content in guard.output("t1", "stdout", 1)])

    assert loop.run(story()) == b"ello"


def test_a_machine_that_never_answers_is_an_error(loop, machine, guard):
    async def story():
        await guard.init()
        machine.odds = MachineOdds(lost=1.0)
        with pytest.raises(Unreachable):
            await guard.kill(Step("t1", 1), "cancelled")
        with pytest.raises(Unreachable):
            await guard.run(Step("t1", 1, fresh=True), HELLO, Sink())
        machine.odds = MachineOdds()
        for link in (Link.DOWN, Link.DEAF, Link.SILENT):
            machine.cut(link)
            with pytest.raises(Unreachable):
                await guard.run(Step("t1", 1), HELLO, Sink())

    loop.run(story())


@pytest.mark.parametrize("link", [Link.DOWN, Link.DEAF, Link.SILENT])
def test_a_cut_is_noticed_and_what_runs_goes_on(loop, witness, machine, guard, link):
    async def story():
        running = asyncio.ensure_future(guard.run(Step("t1", 1, fresh=True), HELLO, Sink()))
        await asyncio.sleep(1)
        machine.cut(link)
        with pytest.raises(Unreachable) as cut:
            await running
        assert cut.value.sent
        machine.cut(Link.UP)
        assert (await guard.run(Step("t1", 2), HELLO, Sink())).code == 0

    loop.run(story())
    assert [seen for seen in witness.seen if seen[0] == "begins"] == [("begins", "t1")]


def test_a_stubborn_command_is_killed_after_the_grace(loop, guard):
    async def story():
        step = Step("t1", 1, fresh=True)
        running = asyncio.ensure_future(guard.run(step, b"go 0\nstubborn\n", Sink()))
        await asyncio.sleep(0.1)
        await guard.kill(step, "timeout")
        return await running

    assert loop.run(story()).code == 137

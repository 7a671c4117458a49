"""The guard's client, by way of a shell of this host."""

import asyncio
import resource
import shutil
from pathlib import Path

import pytest
from tests.locations.link import Link

from brookline.errors import Fenced, RemoteError, Unreachable
from brookline.locations.command import Command
from brookline.locations.guard import Guard, Step
from brookline.locations.payload import encode
from brookline.locations.processes import Turns
from brookline.locations.recorded import RecordedGuard
from brookline.locations.shells import LocalShell
from brookline.locations.way import script
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.values.clock import SystemClock


class Sink:
    """Keeps what a step writes, or only counts it."""

    def __init__(self, *, keeps=True):
        self.content = {"stdout": b"", "stderr": b""}
        self.sizes = {"stdout": 0, "stderr": 0}
        self.ages = []
        self.runs = asyncio.Event()
        self.keeps = keeps

    def place(self, stream):
        return self.sizes[stream]

    async def write(self, stream, content):
        self.sizes[stream] += len(content)
        if self.keeps:
            self.content[stream] += content

    def began(self, age_s):
        self.ages.append(age_s)
        self.runs.set()


@pytest.fixture
def guard(tmp_path):
    clock = SystemClock()
    home = str(tmp_path / "home of guards")
    return Guard(LocalShell(clock, Turns(clock)), home, f"{home}/one")


@pytest.fixture
def link(tmp_path):
    clock = SystemClock()
    return Link(LocalShell(clock, Turns(clock)), tmp_path / "link")


@pytest.fixture
def far(link, tmp_path):
    """A guard at the other end of a link."""
    home = str(tmp_path / "home of guards")
    return Guard(link, home, f"{home}/one")


def payload(text):
    return encode(Command("try", text))


async def test_the_script_is_sent_once_and_again_when_it_is_gone(guard, tmp_path):
    path = tmp_path / "home of guards" / script()[0]
    step = Step("s1", 1, fresh=True)
    assert (await guard.run(step, payload("exit 3"), Sink())).code == 3
    assert path.read_bytes() == script()[1]
    path.unlink()
    assert (await guard.run(step, payload("exit 3"), Sink())).code == 3
    path.unlink()
    assert (await guard.run(Step("s2", 1, fresh=True), payload("exit 4"), Sink())).code == 4
    path.write_bytes(b"")
    assert (await guard.run(Step("s3", 1, fresh=True), payload("exit 5"), Sink())).code == 5


async def test_another_master_gets_the_same_outcome_and_output(guard, tmp_path):
    trace = tmp_path / "trace"
    text = f"echo run >>{trace}; echo out; echo err >&2; exit 3"
    one, two = Sink(), Sink()
    first = await guard.run(Step("s1", 1, fresh=True), payload(text), one)
    second = await guard.run(Step("s1", 2), payload(text), two)
    assert first == second == (3, "-", 4, 4)
    assert one.content == two.content == {"stdout": b"out\n", "stderr": b"err\n"}
    assert trace.read_text() == "run\n"


async def test_a_deposed_master_is_fenced(guard):
    await guard.run(Step("s1", 5), payload("true"), Sink())
    with pytest.raises(Fenced) as fenced:
        await guard.run(Step("s2", 4), payload("true"), Sink())
    assert fenced.value.held == 4
    with pytest.raises(Fenced):
        await guard.kill(Step("s1", 4), "cancelled")
    with pytest.raises(Fenced):
        await guard.collect(["s1"], 4)


async def test_a_lost_folder_interrupts_what_may_have_run_and_is_made_anew_for_what_has_not(guard):
    await guard.run(Step("s1", 1, fresh=True), payload("true"), Sink())
    before = guard.place
    Path(before.folder).rename(before.folder + ".gone")
    with pytest.raises(StepInterrupted, match="lost, replaced or set back") as interrupted:
        await guard.run(Step("s1", 2), payload("true"), Sink())
    assert interrupted.value.cause is Cause.RESET
    assert (await guard.run(Step("s2", 2, fresh=True), payload("exit 3"), Sink())).code == 3
    assert guard.place != before
    assert guard.place.folder == before.folder


async def test_a_folder_that_is_lost_while_a_fresh_step_runs_interrupts_it(guard, tmp_path, until):
    trace, go, sink = tmp_path / "trace", tmp_path / "go", Sink()
    text = f"echo began >>{trace}; while ! test -e {go}; do sleep 0.01; done; echo ended >>{trace}"
    running = asyncio.create_task(guard.run(Step("s1", 1, fresh=True), payload(text), sink))
    await sink.runs.wait()
    await asyncio.to_thread(until, trace.exists)
    before = guard.place
    shutil.rmtree(before.folder)
    with pytest.raises(StepInterrupted, match="was lost while the command ran") as interrupted:
        await running
    assert interrupted.value.cause is Cause.RESET
    with pytest.raises(StepInterrupted, match="lost, replaced or set back"):
        await guard.run(Step("s1", 1), payload(text), sink)
    assert not Path(before.folder).exists()
    assert (await guard.run(Step("s2", 1, fresh=True), payload("exit 3"), Sink())).code == 3
    go.touch()
    await asyncio.to_thread(until, lambda: trace.read_text() == "began\nended\n")
    assert len(sink.ages) == 1


async def test_what_runs_on_a_machine_that_is_given_back_is_told_so_and_nothing_runs_again(
    guard, tmp_path, alive
):
    pid, sink = tmp_path / "pid", Sink()
    text = payload(f"trap '' TERM; echo $$ >{pid}; echo on; while :; do sleep 0.05; done")
    running = asyncio.create_task(guard.run(Step("s1", 1, fresh=True), text, sink))
    while not sink.content["stdout"]:  # noqa: ASYNC110 - it comes
        await asyncio.sleep(0.01)
    folder = Path(guard.place.folder)
    await guard.remove()
    assert (await running).why == "removed"
    assert not alive(int(pid.read_text()))
    for step in (Step("s1", 2), Step("s2", 2, fresh=True), Step("s3", 2)):
        assert await guard.run(step, text, Sink()) == (None, "removed", 0, 0)
        assert await guard.kill(step, "cancelled") is None
    assert (await guard.status("s1")).state == "removed"
    await guard.collect(["s1"], 2)
    await guard.remove()
    assert not folder.exists()


async def test_a_reboot_interrupts_what_may_have_run(guard):
    await guard.init()
    now = guard.place.boot
    guard.place = guard.place._replace(boot="earlier")
    with pytest.raises(StepInterrupted, match="started anew") as interrupted:
        await guard.run(Step("s1", 2), payload("true"), Sink())
    assert interrupted.value.cause is Cause.REBOOTED
    assert (await guard.run(Step("s2", 2, fresh=True), payload("exit 3"), Sink())).code == 3
    assert guard.place.boot == now


async def test_the_age_of_a_command_counts_from_its_beginning_whoever_attaches(guard, tmp_path):
    go = tmp_path / "go"
    text = payload(f"while ! test -e {go}; do sleep 0.01; done")
    first, second = Sink(), Sink()
    async with asyncio.TaskGroup() as group:
        group.create_task(guard.run(Step("s1", 1), text, first))
        await first.runs.wait()
        while (await guard.status("s1")).age_s < 0.3:  # noqa: ASYNC110 - it grows
            await asyncio.sleep(0.01)
        group.create_task(guard.run(Step("s1", 2), text, second))
        await second.runs.wait()
        go.touch()
    assert first.ages[0] < second.ages[0]
    assert second.ages[0] >= 0.3


async def test_what_is_known_of_steps_can_be_asked(guard):
    assert (await guard.status("s1")).state == "absent"
    await guard.run(Step("s1", 1), payload("echo out; exit 3"), Sink())
    state = await guard.status("s1")
    assert (state.state, state.sizes, state.ended[:2]) == (
        "over",
        {"stdout": 4, "stderr": 0},
        (3, "-"),
    )
    assert state.age_s >= 0
    assert b"".join([one async for one in guard.output("s1", "stdout", 1)]) == b"ut\n"
    await guard.collect(["s1", "s2"], 1)
    assert (await guard.status("s1")).state == "collected"
    assert [one async for one in guard.output("s1", "stdout")] == []


async def test_a_home_that_cannot_be_made_is_an_error_of_the_machine(tmp_path):
    (tmp_path / "file").touch()
    clock = SystemClock()
    home = str(tmp_path / "file" / "x")
    guard = Guard(LocalShell(clock, Turns(clock)), home, f"{home}/one")
    with pytest.raises(RemoteError, match="the guard cannot be put into"):
        await guard.run(Step("s1"), payload("true"), Sink())


async def test_what_is_taken_for_lost_never_runs_however_late_it_comes(guard):
    await guard.init()
    recorded = RecordedGuard(guard)
    assert await recorded.forgets(Step("s1", 1))
    with pytest.raises(StepInterrupted):
        await guard.run(Step("s1", 1, fresh=True), payload("true"), Sink())
    await guard.run(Step("s2", 1, fresh=True), payload("exit 3"), Sink())
    assert not await recorded.forgets(Step("s2", 1))
    assert (await guard.run(Step("s2", 1), payload("exit 3"), Sink())).code == 3


async def test_half_a_script_is_not_taken_for_one(far, link, tmp_path):
    step, run = Step("s1", 1, fresh=True), payload("exit 3")
    link.set("half")
    with pytest.raises(Unreachable, match="far is out of reach") as cut:
        await far.run(step, run, Sink())
    assert not cut.value.sent
    assert not (tmp_path / "home of guards" / script()[0]).exists()
    link.set("up")
    assert (await far.run(step, run, Sink())).code == 3


async def test_half_an_input_is_not_run(far, link):
    await far.init()
    link.set("half")
    with pytest.raises(Unreachable) as cut:
        await far.run(Step("s1", 1, fresh=True), payload("echo 1\n" * 1000), Sink())
    assert cut.value.sent
    link.set("up")
    assert (await far.status("s1")).state == "absent"


async def test_the_reason_is_the_last_line_of_what_the_way_complains_of(tmp_path):
    class Complaining(LocalShell):
        def open(self, *argv, **options):
            return super().open("/bin/sh", "-c", "printf 'Hello\\nno route\\n' >&2; exit 255")

    clock, home = SystemClock(), str(tmp_path / "home")
    guard = Guard(Complaining(clock, Turns(clock)), home, f"{home}/one")
    with pytest.raises(Unreachable) as cut:
        await guard.run(Step("s1", 1, fresh=True), payload("true"), Sink())
    assert (cut.value.why, cut.value.details) == ("no route", "Hello\nno route")


async def test_what_was_not_sent_is_known(far, link):
    await far.init()
    link.set("down")
    for fresh in (True, False):
        with pytest.raises(Unreachable, match="connection refused") as cut:
            await far.run(Step("s1", 1, fresh=fresh), payload("true"), Sink())
        assert cut.value.sent is not fresh, "somebody may have sent it before"


async def test_a_guard_that_fails_says_nothing_of_a_step_that_may_run(guard):
    await guard.init()
    received = Path(guard.place.folder) / "in"
    received.rmdir()
    received.touch()
    with pytest.raises(RemoteError, match="the guard says: cannot write") as failed:
        await guard.run(Step("s1", 1, fresh=True), payload("true"), Sink())
    assert not isinstance(failed.value, Unreachable)
    with pytest.raises(Unreachable, match="the guard says: cannot write"):
        await guard.run(Step("s1", 1), payload("true"), Sink())


async def test_a_login_that_speaks_in_between_is_not_taken_for_the_guard(tmp_path):
    class Greeting(LocalShell):
        def open(self, *argv, **options):
            return super().open("/bin/sh", "-c", 'echo Welcome; exec "$@"', "sh", *argv, **options)

    clock, home = SystemClock(), str(tmp_path / "home")
    guard = Guard(Greeting(clock, Turns(clock)), home, f"{home}/one")
    with pytest.raises(Unreachable, match="it is not the guard that says: Welcome"):
        await guard.run(Step("s1", 1, fresh=True), payload("true"), Sink())


async def test_what_is_not_kept_is_not_asked_for_again(tmp_path):
    class Cut(LocalShell):
        def open(self, *argv, **options):
            cut = ("/bin/sh", "-c", '"$@" 2>/dev/null | head -n 1', "sh")
            return super().open(*cut, *argv, **options)

    clock, home, trace = SystemClock(), str(tmp_path / "home"), tmp_path / "trace"
    guard = Guard(Cut(clock, Turns(clock)), home, f"{home}/one")
    step = Step("s1", fresh=True, kept=False)
    with pytest.raises(Unreachable, match="the guard was cut off"):
        await guard.run(step, payload(f"echo run >>{trace}"), Sink())
    assert trace.read_text() == "run\n"


async def test_a_folder_that_is_lost_whenever_it_is_made_is_an_error_of_the_machine(tmp_path):
    home = str(tmp_path / "home")

    class Losing(LocalShell):
        def open(self, *argv, **options):
            if argv[2] == "run":
                shutil.rmtree(f"{home}/one")
            return super().open(*argv, **options)

    clock = SystemClock()
    guard = Guard(Losing(clock, Turns(clock)), home, f"{home}/one")
    with pytest.raises(RemoteError, match="home/one on localhost is lost as soon as it is made"):
        await guard.run(Step("s1", 1, fresh=True), payload("true"), Sink())


@pytest.mark.slow
async def test_a_gigabyte_of_output_passes_by_in_little_memory(guard):
    size = 1 << 30
    sink = Sink(keeps=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ended = await guard.run(Step("s1", 1), payload(f"truncate -s {size} /proc/self/fd/1"), sink)
    assert (ended.code, sink.sizes["stdout"]) == (0, size)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000

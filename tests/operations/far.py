"""A machine that can be out of reach, and who works on it.

The way to the machine is a process that is really cut; see `tests.locations.link`.
"""

from types import SimpleNamespace

from tests.locations.conftest import this_host
from tests.locations.link import Link

from brookline.locations.command import Command, words
from brookline.locations.guard import GUARD, Guard, Place
from brookline.locations.local import LocalMachine
from brookline.locations.ports import LOCATION
from brookline.locations.processes import Turns
from brookline.locations.recorded import RecordedGuard
from brookline.locations.shells import LocalShell
from brookline.management.leftovers import ending
from brookline.model.location import Location
from brookline.operations.task import Status
from brookline.operations.works import ENDING
from brookline.values.clock import SystemClock
from brookline.wire.changes import Put

SILENT_S = {"deaf": 0.5, "silent": 0.5}
"""How long a machine may say nothing. Less than a guard does now and then, where that matters."""


class Hasty(SystemClock):
    """A clock on which nobody sleeps for long."""

    async def sleep(self, seconds):
        await super().sleep(min(seconds, 0.05))


class Far:
    """A machine at the other end of a link, what runs there, and who works on it."""

    def __init__(self, bench, tmp_path):
        self.bench, self.tmp_path = bench, tmp_path
        self.link = Link(LocalShell(bench.clock, Turns(bench.clock)), tmp_path / "link")
        self.go, self.trace = tmp_path / "go", tmp_path / "trace"
        self.home = str(tmp_path / "guard")
        self.silent_s = 60.0
        self.guards = {}
        self.step = None
        platform = SimpleNamespace(live=self, locations=self)
        bench.kinds[ENDING] = lambda task: ending(platform, task.work["commands"])

    async def begin(self):
        place = await Guard(self.link, self.home, f"{self.home}/one").init()
        value = {"name": "far", "config": {GUARD: place.to_value()}}
        self.bench.recorder.note(Put(LOCATION, "m1", value))

    # As the platform, whose machine this is.

    def location(self, location_id):
        return Location(location_id, self.bench.recorder.records.get(LOCATION, location_id))

    def machine(self, location=None):
        """Return the machine as this server sees it."""
        location = location or self.location("m1")
        server = (self.bench.supervisor, self.silent_s)
        if server not in self.guards:
            place = Place.of(location.config)
            guard = Guard(self.link, self.home, place.folder, place, silent_s=self.silent_s)
            self.guards[server] = guard
        base = str(self.tmp_path / "base")
        recorded = RecordedGuard(self.guards[server], location)
        return LocalMachine(this_host(), base, self.bench.clock, guard=recorded)

    def set(self, how):
        """Have the link be so, and who begins to work there now notice silence soon, or not."""
        self.silent_s = SILENT_S.get(how, 60.0)
        self.link.set(how)

    # What runs there.

    def command(self, **options):
        """Return a command that ends once it may, and notes that it ran."""
        script = (
            f"echo $$ >>{words(str(self.trace))}; echo one; "
            f"while ! test -e {words(str(self.go))}; do sleep 0.01; done; echo two; exit 3"
        )
        return Command("install", script, **options)

    def pids(self):
        return [int(one) for one in self.trace.read_text().split()] if self.trace.exists() else []

    # Who works on it.

    async def submit(self, command=None, **options):
        command = command or self.command()

        async def body(op):
            self.step = op.begin_step("install", self.machine().run, command, **options)
            done = await op.join(self.step)
            return [done.exit_code, done.stdout]

        return await self.bench.submit(body)

    async def begins(self, until, how):
        """Submit a command, of whose machine silence is noticed as it must be; return once it runs."""
        self.silent_s = SILENT_S.get(how, 60.0)
        task = await self.submit()
        await until(lambda: self.task(task).children and self.output(task) == b"one\n")
        return task

    def task(self, task):
        """Return a task as this master knows it."""
        return self.bench.tasks.get(task.id)

    def waits(self, task):
        """Return for what the step of a task waits."""
        return "".join(part.waits_for for part in self.task(task).children)

    def output(self, task):
        [part] = self.task(task).children
        return b"".join(self.bench.streams.read(part.id, "stdout"))

    def endings(self):
        return [task for task in self.bench.tasks.top_level() if task.name == "end of install"]


async def ends(far, task, status=Status.COMPLETED):
    task = await far.bench.ended(task)
    assert task.status is status, task.error
    return task


async def completes(far, task):
    """See that a command ran once, and that its outcome and output came whole."""
    task = await ends(far, task)
    assert task.result == [3, "one\ntwo\n"]
    assert far.output(task) == b"one\ntwo\n"
    assert len(far.pids()) == 1
    assert far.endings() == []
    assert far.waits(task) == ""

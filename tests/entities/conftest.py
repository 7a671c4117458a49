import pytest
from tests.entities.digging import Digger

from brookline.entities import (
    BasicApplication,
    BasicEntity,
    BasicStartable,
    EmptySoftwareProcess,
    VanillaSoftwareProcess,
)
from brookline.entities.platform import Platform
from brookline.journal.queue import Decision
from brookline.locations.kinds import Locations
from brookline.locations.localhost import BASE_DIR, Localhost
from brookline.management.plans import Plans
from brookline.management.stage import Stage
from brookline.management.work import register
from brookline.model.live import Live
from brookline.model.types import Types
from brookline.operations.effectors import effector_body
from brookline.operations.streams import Streams
from brookline.operations.supervisor import Supervisor
from brookline.operations.task import Status, begun
from brookline.operations.tasks import Tasks
from brookline.testing.recorder import MemoryRecorder
from brookline.values.clock import SystemClock
from brookline.values.ids import new_id

TYPES = Types(
    [
        BasicApplication,
        BasicEntity,
        BasicStartable,
        Digger,
        EmptySoftwareProcess,
        VanillaSoftwareProcess,
    ]
)
CLOCK = SystemClock()


class House:
    """A master with entities, on records in memory."""

    def __init__(self, folder, recorder):
        self.folder = folder
        self.closed = False
        self.recorder = recorder
        self.live = Live(TYPES)
        self.tasks = Tasks()
        self.stage = Stage(self.live, self.tasks, CLOCK)
        self.streams = Streams(folder / "streams")
        self.locations = Locations([Localhost(CLOCK)])
        self.supervisor = Supervisor(self.tasks, self.streams, recorder=recorder, clock=CLOCK)
        self.platform = Platform(self.live, recorder, self.locations, CLOCK)
        self.supervisor.platform = self.platform
        register(self.live, self.supervisor, self.platform)

    async def open(self):
        await self.stage.reset(self.recorder.records, 0)
        self.recorder.followers[:] = [lambda changes: self.stage.publish(changes, None, 0)]
        await self.supervisor.activate(1)
        self.platform.activate()
        return self

    async def close(self):
        self.closed = True
        await self.supervisor.deactivate()
        await self.platform.deactivate()

    async def deploy(self, text, *, start=True):
        """Deploy a blueprint, wait for the end of its start, and return the application."""
        text = text.replace("LOCALHOST", f"{{localhost: {{{BASE_DIR}: {self.folder}/base}}}}")
        app_id = new_id()
        ready = await Plans(TYPES, self.locations).application(text, app_id, CLOCK.wall_ms())
        await self.recorder.commit(lambda _view: Decision(list(ready.changes)))
        app = self.live.entity(app_id)
        if start:
            await (await self.begin(app, "start")).wait(30)
        return app

    async def begin(self, entity, effector, **params):
        effector_body(entity, effector, params)
        task = self.supervisor.effector_task(new_id(), entity, effector, params=params)
        await self.recorder.commit(lambda _view: Decision([begun(task)]))
        return self.supervisor.submit(task)

    async def invoke(self, entity, effector, **params):
        task = await self.begin(entity, effector, **params)
        assert await task.wait(30)
        return task

    async def completed(self, entity, effector, **params):
        task = await self.invoke(entity, effector, **params)
        assert task.status is Status.COMPLETED, task.error
        return task

    def named(self, name):
        return next(entity for entity in self.live.entities() if entity.name == name)

    def start_task(self, entity):
        return next(t for t in self.tasks.of_entity(entity.id) if t.name == "start")

    def stream(self, task, step, name):
        part = next(child for child in task.children if child.name == step)
        return b"".join(self.streams.read(part.id, name)).decode()


@pytest.fixture
async def house(tmp_path):
    house = await House(tmp_path, MemoryRecorder()).open()
    yield house
    for application in [] if house.closed else house.live.applications():
        house.recorder.leads = house.recorder.acts = True
        await (await house.begin(application, "stop")).wait(30)
    await house.close()


def state(entity):
    """Return state and isUp of an entity."""
    return entity.sensors.get("service.state"), entity.sensors.get("service.isUp")


@pytest.fixture(name="state")
def state_fixture():
    return state

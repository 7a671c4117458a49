"""What an effector runs on a machine that is given back meanwhile."""

import pytest
from tests.entities.conftest import House
from tests.entities.digging import PLAN, dug

from brookline.journal.queue import Decision
from brookline.management.work import REMOVING
from brookline.operations.task import Status, Task, begun
from brookline.operations.works import work
from brookline.testing.recorder import MemoryRecorder
from brookline.values.ids import new_id


@pytest.fixture
async def shop(tmp_path):
    """A master, whose entity web digs."""
    house = await House(tmp_path, MemoryRecorder()).open()
    await house.deploy(PLAN.replace("TRACE", f"{tmp_path}/trace"))
    yield house
    for application in [] if house.closed else house.live.applications():
        await (await house.begin(application, "stop")).wait(30)
    await house.close()


async def digging(house, until):
    task = await house.begin(house.named("web"), "dig")
    await until(lambda: dug(house.folder))
    return task


async def removed(house, entity):
    task = Task(new_id(), "remove", entity_id=entity.id, entity_name=entity.name)
    task.submitted_ms, task.work = 1, work(REMOVING, entity=entity.id, release=True)
    await house.recorder.commit(lambda _view: Decision([begun(task)]))
    task = house.supervisor.submit(task)
    assert await task.wait(30)
    assert (task.status, task.result) == (Status.COMPLETED, None)


def check(house, task, alive):
    """See that nothing runs, nothing ran twice, and that nobody has to decide about it."""
    assert (task.status, dict(task.interruption)) == (Status.CANCELLED, {}), task.error
    assert task.error == "dig was cancelled"
    [pid] = dug(house.folder)
    assert not alive(int(pid))
    assert list((house.folder / "base" / "guard").glob("*/steps")) == []


async def test_it_is_cancelled_by_a_stop(shop, until, alive):
    task = await digging(shop, until)
    await shop.completed(shop.named("web"), "stop")
    assert await task.wait(30)
    check(shop, task, alive)


async def test_it_is_cancelled_by_a_removal(shop, until, alive):
    task = await digging(shop, until)
    await removed(shop, shop.live.applications()[0])
    assert await task.wait(30)
    check(shop, task, alive)
    assert not shop.live.applications()


async def test_it_is_cancelled_by_the_next_master_too(shop, until, alive, tmp_path):
    """The first one has given the machine back, and died before anything of that was recorded."""
    task = await digging(shop, until)
    machine = next(one for one in shop.live.locations() if "entity" in one.config)
    await shop.close()
    shop.recorder.followers.clear()
    await shop.locations.release(machine)
    second = await House(tmp_path, shop.recorder).open()
    found = second.tasks.find(task.id)
    assert await found.wait(30)
    check(second, found, alive)
    await second.completed(second.named("web"), "stop")
    await second.close()

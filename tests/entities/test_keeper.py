import asyncio

from brookline.errors import Outcome, Unavailable
from brookline.wire.changes import Merge

ONE = "{name: shop, services: [{type: BasicStartable, name: group}]}"
BROKEN = {"service.problems": {"x": "broken"}}


async def test_states_that_are_out_of_line_at_the_beginning_are_brought_in_line(
    house, state, until
):
    app = await house.deploy(ONE)
    await house.platform.deactivate()
    group = house.named("group")
    house.recorder.note(Merge("sensors", group.id, BROKEN))
    await asyncio.sleep(0)
    assert state(group) == ("RUNNING", True)
    house.platform.activate()
    await until(lambda: state(group) == ("ON_FIRE", True) and state(app)[0] == "ON_FIRE")


async def test_a_store_that_is_away_for_a_while_costs_no_state(house, state, until):
    app = await house.deploy(ONE)
    commit, failures = house.recorder.commit, [1]

    async def failing(decide, **ids):
        if failures:
            failures.pop()
            raise Unavailable("the store has not answered in time", Outcome.UNKNOWN)
        return await commit(decide, **ids)

    house.recorder.commit = failing
    house.recorder.note(Merge("sensors", house.named("group").id, BROKEN))
    await until(lambda: state(app)[0] == "ON_FIRE")
    assert failures == []


async def test_a_child_that_goes_away_takes_its_problem_with_it(house, state, until):
    app = await house.deploy(ONE)
    group = house.named("group")
    house.recorder.note(Merge("sensors", group.id, BROKEN))
    await until(lambda: state(app)[0] == "ON_FIRE")
    from brookline.entities.unmanage import unmanaged

    for change in unmanaged(house.recorder.records, group.id):
        house.recorder.note(change)
    await until(lambda: state(app) == ("RUNNING", True))
    assert house.live.entity(group.id) is None


async def test_sensors_of_others_cause_no_commit(house):
    app = await house.deploy(ONE)
    commits = []
    commit = house.recorder.commit

    async def counted(decide, **ids):
        commits.append(1)
        return await commit(decide, **ids)

    house.recorder.commit = counted
    house.recorder.note(Merge("sensors", house.named("group").id, {"load": 3}))
    house.recorder.note(Merge("sensors", app.id, {"service.problems": {}}))
    for _ in range(5):
        await asyncio.sleep(0)
    assert commits == []

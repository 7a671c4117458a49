from brookline.wire.changes import Merge, Put

ONE = "{name: shop, services: [{type: BasicStartable, name: group}]}"


async def test_what_goes_on_fire_is_logged_with_the_reason_and_so_is_its_end(
    house, state, until, caplog
):
    caplog.set_level("INFO", "brookline.entities")
    app = await house.deploy(ONE)
    group = house.named("group")

    def told(message):
        found = [record.fields for record in caplog.records if record.getMessage() == message]
        return {(fields["name"], fields.get("why", fields.get("state"))) for fields in found}

    house.recorder.note(Merge("sensors", group.id, {"service.problems": {"x": "broken\nbadly"}}))
    await until(lambda: state(app)[0] == "ON_FIRE")
    assert told("on fire") == {
        ("group", "broken"), ("shop", "Required entity not healthy: group")
    }  # fmt: skip
    assert len([r for r in caplog.records if r.getMessage() == "on fire"]) == 2
    house.recorder.note(Merge("sensors", group.id, {"service.problems": {}}))
    await until(lambda: state(app)[0] == "RUNNING")
    assert told("no longer on fire") == {("group", "RUNNING"), ("shop", "RUNNING")}


async def test_what_burns_already_is_not_logged_again_by_the_next_master(
    house, state, until, caplog
):
    await house.deploy(ONE)
    group = house.named("group")
    house.recorder.note(Merge("sensors", group.id, {"service.problems": {"x": "broken"}}))
    await until(lambda: state(group)[0] == "ON_FIRE")
    await house.platform.deactivate()
    caplog.clear()
    house.platform.activate()
    house.recorder.note(Put("sensors", group.id, dict(group.sensors) | {"other": 1}))
    await until(lambda: group.sensors.get("other") == 1)
    assert [r for r in caplog.records if "fire" in r.getMessage()] == []

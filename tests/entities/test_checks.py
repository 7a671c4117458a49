from pathlib import Path

from brookline.wire.changes import Merge

WEB = """
name: shop
location: LOCALHOST
services:
- type: vanilla
  name: web
  brooklyn.config:
    softwareProcess.serviceProcessIsRunningPollPeriod: 20ms
    launch.command: "true"
    checkRunning.command: echo x >>FOLDER/looks
"""


def looks(house):
    path = house.folder / "looks"
    return len(path.read_text().split()) if path.exists() else 0


async def deployed(house):
    await house.deploy(WEB.replace("FOLDER", str(house.folder)))
    return house.named("web")


async def test_it_looks_again_and_again_while_the_process_is_meant_to_run(house, until):
    web = await deployed(house)
    at_start = looks(house)
    await until(lambda: looks(house) > at_start + 3)
    await house.completed(web, "stop")
    await until(lambda: not house.platform.checks.followed(web.id))


async def test_nothing_is_looked_at_without_the_lease(house, until):
    await deployed(house)
    await until(lambda: looks(house) > 3)
    asked = []
    house.recorder.may_act = lambda: bool(asked.append(1))
    await until(lambda: not house.platform.checks.busy())
    before = looks(house)
    await until(lambda: len(asked) > 5)
    assert looks(house) == before
    house.recorder.may_act = lambda: True
    await until(lambda: looks(house) > before)


async def test_a_machine_of_another_host_is_a_problem_and_not_a_dead_process(house, state, until):
    web = await deployed(house)
    [machine] = map(house.live.location, web.locations)
    config = {**machine.config, "host": "elsewhere"}
    house.recorder.note(Merge("location", machine.id, {"config": config}))
    await until(lambda: state(web) == ("ON_FIRE", True))
    assert "the machine is the host 'elsewhere'" in web.sensors["service.problems"]["check"]
    assert web.sensors["service.process.isRunning"] is True
    house.recorder.note(Merge("location", machine.id, {"config": dict(machine.config)}))
    await until(lambda: state(web) == ("RUNNING", True))
    assert Path(web.sensors["run.dir"]).is_dir()


async def test_what_an_application_has_that_does_not_fit_ends_no_look(house, until):
    text = WEB.replace("FOLDER", str(house.folder)).replace(
        "softwareProcess.serviceProcessIsRunningPollPeriod: 20ms",
        'shell.env: $brooklyn:config("later")',
    )
    given = "softwareProcess.serviceProcessIsRunningPollPeriod: soon, later: {A: b}"
    app = await house.deploy(f"{text}brooklyn.config: {{{given}}}")
    web = house.named("web")
    assert web.check_period_s() == 5.0
    not_ready = {"later": {"A": '$brooklyn:attributeWhenReady("never")'}}
    house.recorder.note(Merge("entity", app.id, {"config": not_ready}))
    before = looks(house)
    await web.check(house.platform)
    assert looks(house) == before + 1

"""What seeds of operations have found, each told once more on purpose."""

from __future__ import annotations

import asyncio

from tests.simulation.operations.judging import KILLED
from tests.simulation.operations.stories import Stage, acts, command, lock

from brookline.testing.sim_link import Link, MachineOdds


def test_what_is_resumed_after_its_machine_was_set_back_runs_nothing_again_silently():
    stage = Stage()
    tasks = stage.harness.oracle.records

    async def story(stage):
        both = {"do": "all", "nodes": [acts("once", takes=5.0), command("install", 30.0)]}
        task_id = await stage.begin(both)
        await stage.begins(2)
        await stage.fail_over()
        await stage.harness.until(lambda: cause(task_id))
        assert cause(task_id) == "once"
        stage.world.reset(stage.machine)
        await stage.begin(command("launch", 0.1), entity="e1")
        await stage.begins(3)
        await stage.pass_by(1)
        stage.world.resumes[task_id] += 1
        asked = stage.client.ask({"interrupted": task_id, "how": "resume"})
        await stage.client.host.spawn(asked)
        await stage.pass_by(10)
        assert cause(task_id) == "reset"

    def cause(task_id):
        value = tasks.get("task", task_id) or {}
        return (value.get("interruption") or {}).get("cause")

    stage.harness.run(stage.play(story))
    assert not stage.harness.oracle.violations, str(stage.harness.transcript)


def test_what_waits_for_a_machine_that_is_set_back_meanwhile_runs_nothing_again_silently():
    stage = Stage()

    async def story(stage):
        task_id = await stage.begin(command())
        await stage.begins()
        stage.machine.cut(Link.DOWN)
        await stage.pass_by(20)
        stage.world.reset(stage.machine)
        stage.machine.cut(Link.UP)
        # It comes there before the one that waits asks again, and has a new folder made.
        await stage.begin(command("launch", 0.1), entity="e1")
        await stage.begins(2)
        await stage.pass_by(40)
        value = stage.harness.oracle.records.get("task", task_id)
        assert value["interruption"]["cause"] == "reset"

    stage.harness.run(stage.play(story))
    assert not stage.harness.oracle.violations, str(stage.harness.transcript)


def test_what_was_sent_to_a_new_folder_and_comes_late_is_not_taken_for_lost_with_the_old_one():
    stage = Stage()

    async def story(stage):
        task_id = await stage.begin(command("launch", 0.1), acts("again", takes=4.0), command())
        await stage.begins(2)
        stage.world.reset(stage.machine)
        await stage.begin(command("launch", 0.1), entity="e1")
        await stage.begins(3)
        stage.machine.odds = MachineOdds(late=1.0, late_s=80.0)
        await stage.pass_by(6)
        stage.machine.odds = MachineOdds()
        await stage.pass_by(120)
        assert stage.harness.oracle.records.get("task", task_id)["status"] == "completed"

    stage.harness.run(stage.play(story))
    assert not stage.harness.oracle.violations, str(stage.harness.transcript)


def test_what_runs_in_a_new_folder_is_found_there_by_the_next_master():
    stage = Stage()

    async def story(stage):
        steps = (command("launch", 0.1), acts("again", takes=2.0), command("install", 10.0))
        task_id = await stage.begin(*steps)
        await stage.begins(2)
        stage.world.reset(stage.machine)
        await stage.begins(3)
        await stage.fail_over()
        await stage.pass_by(30)
        assert stage.harness.oracle.records.get("task", task_id)["status"] == "completed"

    stage.harness.run(stage.play(story))
    assert not stage.harness.oracle.violations, str(stage.harness.transcript)


def test_what_was_given_up_and_comes_late_begins_no_section_of_its_lock():
    stage = Stage()
    tasks = stage.harness.oracle.records

    async def story(stage):
        await stage.begin(command("customize", 0.1))
        await stage.pass_by(1)
        stage.machine.odds = MachineOdds(late=1.0, late_s=200.0)
        task_id = await stage.begin(lock(command("install", 30.0)))
        await stage.pass_by(0.1)
        stage.machine.odds = MachineOdds(lost=1.0)
        await stage.pass_by(15)  # until nobody waits for the answer any more
        await stage.cancel(task_id)
        assert tasks.get("task", task_id)["status"] == "cancelled"
        await stage.begin(lock(acts("again"), command("launch")), entity="e1")
        await stage.begins(2)
        assert begun() == ["customize", "check"]
        # What was sent before comes within the next holder's section, and is ended then.
        await stage.begins(3)
        assert begun() == ["customize", "check", "install"]
        stage.machine.odds = MachineOdds()
        await stage.begins(4)

    def begun():
        return [stage.world.script(step)["name"] for step in stage.world.tokens]

    stage.harness.run(stage.play(story))
    assert not stage.harness.oracle.violations, str(stage.harness.transcript)


def test_what_is_cancelled_while_it_waits_to_come_to_its_command_again_leaves_none_running():
    stage = Stage()
    tasks = stage.harness.oracle.records

    async def story(stage):
        both = {"do": "all", "nodes": [acts("once", takes=5.0), command("install", 60.0)]}
        task_id = await stage.begin(lock(both))
        await stage.begins(2)
        await stage.pass_by(2)
        await stage.fail_over()
        await stage.harness.until(lambda: status(task_id) == "interrupted")
        await stage.begin(lock(command("launch", 20.0)), entity="e1")
        await stage.begins(3)
        stage.world.resumes[task_id] += 1
        await stage.client.host.spawn(stage.client.ask({"interrupted": task_id, "how": "resume"}))
        await stage.client.host.spawn(stage.client.ask({"cancel": task_id}))
        await stage.pass_by(10)
        assert status(task_id) == "cancelled"
        assert [code for code in stage.world.codes.values() if code in (None, *KILLED)]

    def status(task_id):
        return (tasks.get("task", task_id) or {}).get("status")

    stage.harness.run(stage.play(story))
    assert not stage.harness.oracle.violations, str(stage.harness.transcript)


def test_who_leads_again_knows_the_folder_that_the_master_before_it_had_made():
    stage = Stage()

    async def story(stage):
        await stage.begin(command("check", 0.1))
        await stage.begins()
        await stage.pass_by(5)
        await stage.a.host.spawn(stage.a.node.switchover("b"))
        assert await stage.harness.until(stage.b.leads)
        stage.world.reset(stage.machine)
        await stage.begin(command("launch", 0.1))
        task_id = await stage.begin(command("install", 30.0), entity="e1")
        await stage.begins(3)
        await stage.pass_by(2)
        stage.b.crash()
        assert await stage.harness.until(stage.a.leads)
        await stage.cancel(task_id)

    stage.harness.run(stage.play(story))
    assert not stage.harness.oracle.violations, str(stage.harness.transcript)


def test_what_was_killed_before_it_began_is_told_as_cancelled_by_the_next_master():
    stage = Stage()
    tasks = stage.harness.oracle.records

    async def story(stage):
        stage.machine.odds = MachineOdds(late=1.0, late_s=60.0)
        task_id = await stage.begin(command())
        await stage.pass_by(0.1)
        stage.machine.odds = MachineOdds()
        asked = stage.client.host.spawn(stage.client.ask({"cancel": task_id}))
        while not stage.world.killed:  # noqa: ASYNC110 - before its answer can be recorded
            await asyncio.sleep(0.0005)
        stage.harness.faults.down = True  # that it was killed cannot be recorded any more
        await stage.fail_over()
        stage.harness.faults.down = False
        await asked
        await stage.pass_by(30)
        [step] = [one for one in tasks.all("task").values() if one.get("parent") == task_id]
        assert step["failure"]["class"] == "Cancelled"
        assert tasks.get("task", task_id)["status"] == "cancelled"

    stage.harness.run(stage.play(story))
    assert not stage.harness.oracle.violations, str(stage.harness.transcript)

"""What users decide about interrupted operations, and what their entities say meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from tests.management.conftest import Stubborn

from brookline.errors import Conflict, InvalidInput, NotFound
from brookline.management.context import Caller
from brookline.operations.task import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.management.conftest import Server

    from brookline.operations.task import Task

ANN = Caller("ann")
PLAN = """
name: shop
services:
- {type: Stubborn, name: slow, brooklyn.config: {holds: true}}
- {type: basic-entity, name: thing}
"""
SLEEPING = """
name: sleepy
location: localhost
services:
- type: vanilla
  name: sleeper
  brooklyn.config:
    onbox.base.dir: {folder}
    install.command: echo $$ > {folder}/pid; echo x >> {folder}/runs; exec sleep 600
    launch.command: 'true'
    checkRunning.command: 'false'
    stop.command: 'true'
"""


def comes_to(server: Server, name: str) -> bool:
    records = server.node.replica.records.all("task").values()
    return any(task.get("name") == name for task in records)


@pytest.fixture
async def after(server: Server, start: Callable[[str], Any], until: Any) -> Server:
    """The second server, after the first one left it a start in doubt."""
    second: Server = await start("n2")
    await server.management.deploy(PLAN, ctx=ANN)
    await until(lambda: comes_to(server, "wait"))
    await server.node.stop()
    return await second.leads()


def only(server: Server) -> Task:
    [task] = server.management.interruptions.unresolved()
    return task


def problems(server: Server, name: str) -> Any:
    return server.named(name).sensors["service.problems"]


async def test_what_is_resumed_goes_on_and_its_entities_say_so(after: Server, until: Any) -> None:
    task, slow = only(after), after.named("slow")
    assert "interrupted" in problems(after, "slow")
    assert await after.management.interruptions.resume(task, ANN) is task
    assert after.record("task", task.id)["status"] == "running"
    await until(lambda: slow.sensors["service.state"] == "STARTING")
    assert "interrupted" not in problems(after, "slow")
    assert "interrupted" not in problems(after, "shop")
    await until(lambda: slow.id in Stubborn.gates)
    Stubborn.gates[slow.id].set()
    assert await task.wait(20)
    assert task.status is Status.COMPLETED, task.error
    await until(lambda: after.named("shop").sensors["service.state"] == "RUNNING")
    assert after.management.interruptions.unresolved() == []


async def test_what_was_resumed_goes_on_though_whoever_asked_for_it_is_gone(
    after: Server, until: Any
) -> None:
    task, create, gate, came = only(after), after.store.create, asyncio.Event(), asyncio.Event()

    async def slowly(key: str, data: bytes) -> Any:
        came.set()
        await gate.wait()
        return await create(key, data)

    after.store.create = slowly  # type: ignore[method-assign]
    asking = asyncio.ensure_future(after.management.interruptions.resume(task, ANN))
    await came.wait()
    asking.cancel()
    await asyncio.wait([asking])
    gate.set()
    await until(lambda: after.record("task", task.id)["status"] == "running")
    Stubborn.gates.setdefault(after.named("slow").id, asyncio.Event()).set()
    await until(lambda: after.record("task", task.id)["status"] == "completed")


async def test_what_is_replayed_is_done_again_as_another(after: Server, until: Any) -> None:
    task, slow = only(after), after.named("slow")
    again = await after.management.interruptions.replay(task, ANN)
    assert again.id != task.id
    assert (again.name, again.effector, again.entity_id) == ("start", "start", task.entity_id)
    Stubborn.gates.setdefault(slow.id, asyncio.Event()).set()
    assert await again.wait(20)
    assert again.status is Status.COMPLETED, again.error
    assert f"replayed by ann as {again.id}" in task.error
    await until(lambda: problems(after, "slow") == {})
    assert after.management.interruptions.unresolved() == []


async def test_what_is_abandoned_stays_on_fire_and_says_why(after: Server, until: Any) -> None:
    task = only(after)
    assert await after.management.interruptions.abandon(task, " not needed ", ANN) is None
    assert task.status is Status.INTERRUPTED
    await until(lambda: "abandoned by ann: not needed" in problems(after, "slow")["interrupted"])
    assert after.named("slow").sensors["service.state"] == "ON_FIRE"
    with pytest.raises(Conflict, match="was abandoned by ann: not needed"):
        await after.management.interruptions.resume(task, ANN)
    stop = await after.management.invoke(after.named("slow"), "stop", {}, ANN)
    assert await stop.wait(20)
    assert problems(after, "slow") == {}


@pytest.mark.parametrize("reason", ["", "   ", "x" * 3000], ids=["none", "blank", "endless"])
async def test_abandoning_needs_a_reason(after: Server, reason: str) -> None:
    with pytest.raises(InvalidInput, match="reason"):
        await after.management.interruptions.abandon(only(after), reason, ANN)
    assert only(after)


async def test_the_choices_are_told_with_what_was_done_since(after: Server) -> None:
    view = after.node.replica.records
    told = after.management.interruptions.prospects(only(after), view)
    assert set(told) == {"resume", "replay", "abandon"}
    assert any("wait of slow" in text for text in told["resume"].texts)
    burning = [text for text in told["abandon"].texts if "on fire" in text]
    assert [text.partition(": ")[2] for text in burning] == ["shop, slow"]
    shop = after.named("shop")
    stop = await after.management.invoke(shop, "stop", {}, ANN)
    assert await stop.wait(20)
    told = after.management.interruptions.prospects(only(after), view)
    assert all(one.texts[-1] == "mind that since then: stop" for one in told.values())


async def test_who_is_not_interrupted_is_not_found_so(after: Server) -> None:
    interruptions, view = after.management.interruptions, after.node.replica.records
    with pytest.raises(NotFound):
        interruptions.get("nobody", view)
    add = await after.management.invoke(after.named("slow"), "add", {"a": 1}, ANN)
    assert await add.wait(20)
    with pytest.raises(Conflict, match="has completed"):
        interruptions.get(add.id, view)


async def test_other_work_that_is_interrupted_is_a_problem_until_it_is_resolved(
    server: Server, start: Callable[[str], Any], until: Any
) -> None:
    second: Server = await start("n2")
    await server.deployed("name: shop\nservices: [{type: Stubborn, name: slow}]")
    ponder = await server.management.invoke(server.named("slow"), "ponder", {}, ANN)
    await until(lambda: comes_to(server, "think"))
    await server.node.stop()
    await second.leads()
    slow = second.named("slow")
    assert "its ponder was interrupted" in slow.sensors["service.problems"]["interrupted"]
    assert slow.sensors["service.state"] == "ON_FIRE"
    task = only(second)
    assert task.id == ponder.id
    await second.management.interruptions.resume(task, ANN)
    await until(lambda: slow.sensors["service.state"] == "RUNNING")
    assert slow.sensors["service.problems"] == {}


@pytest.mark.parametrize("choice", ["abandon", "replay"])
@pytest.mark.slow
async def test_commands_that_still_run_are_ended(
    server: Server, start: Callable[[str], Any], until: Any, tmp_path: Any, choice: str
) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    second: Server = await start("n2")
    await server.management.deploy(SLEEPING.format(folder=folder), ctx=ANN)
    pid_file = folder / "pid"
    await until(lambda: pid_file.exists() and pid_file.read_text().strip())
    first = int(pid_file.read_text())
    await until(lambda: comes_to(server, "install"))
    [task] = server.management.tasks.of_entity(server.named("sleepy").id)
    records = server.node.replica.records.get("task", task.id)
    assert records is not None
    await _make_unknown(server, task)
    await server.node.stop()
    await second.leads()
    await until(second.management.interruptions.unresolved)
    assert _lives(first)
    interruptions = second.management.interruptions
    if choice == "abandon":
        end = await interruptions.abandon(only(second), "no", ANN)
        assert end is not None
        assert await end.wait(20)
        assert (end.status, end.result) == (Status.COMPLETED, 1)
        assert not _lives(first)
        return
    again = await interruptions.replay(only(second), ANN)
    await until(lambda: (folder / "runs").read_text() == "x\nx\n")
    assert not _lives(first)
    assert await second.management.cancel(again)
    assert not _lives(int(pid_file.read_text()))


@pytest.mark.slow
async def test_a_command_that_its_machine_forgot_is_run_anew_once_it_is_resumed(
    server: Server, start: Callable[[str], Any], until: Any, tmp_path: Any
) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    waiting = "while ! test -e {folder}/gate; do sleep 0.05; done; touch {folder}/installed"
    plan = SLEEPING.replace("exec sleep 600", waiting)
    plan = plan.replace("'false'", "test -e {folder}/installed")
    await server.management.deploy(plan.format(folder=folder), ctx=ANN)
    runs = folder / "runs"
    await until(lambda: runs.exists() and comes_to(server, "install"))
    first = int((folder / "pid").read_text())
    await server.node.stop()
    (folder / "guard").rename(folder / "lost")
    second: Server = await (await start("n2")).leads()
    await until(second.management.interruptions.unresolved)
    task = only(second)
    assert task.interruption["cause"] == "reset"
    assert runs.read_text() == "x\n", "it was not run again silently"
    view = second.node.replica.records
    resuming = second.management.interruptions.prospects(task, view)["resume"].texts
    assert any("may have been done: install of sleeper" in text for text in resuming)
    os.kill(first, signal.SIGKILL)
    await second.management.interruptions.resume(task, ANN)
    await until(lambda: runs.read_text() == "x\nx\n" or task.status.ended)
    (folder / "gate").touch()
    assert await task.wait(20)
    assert (task.status, runs.read_text()) == (Status.COMPLETED, "x\nx\n"), task.error


async def _make_unknown(server: Server, task: Task) -> None:
    """Let the next master find two deaths soon after its taking up: it does not go on by itself."""
    from brookline.journal.queue import Decision
    from brookline.wire.changes import Merge

    now = task.submitted_ms
    taken = {"count": 1, "at": now, "strikes": 1}
    change = Merge("task", task.id, {"taken": taken}, ("settled",))
    server.management.tasks.get(task.id).settled = False
    await server.node.commit(lambda _view: Decision([change]))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

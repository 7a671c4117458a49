"""What another master finds, and does, when it takes over from one that is gone."""

import os
import signal
from pathlib import Path

import pytest
from tests.entities.conftest import House

from brookline.entities import software
from brookline.journal.queue import Decision
from brookline.management.opening import opening
from brookline.operations.task import Status
from brookline.wire.changes import Merge

WEB = """
name: shop
location: LOCALHOST
services:
- type: vanilla
  name: web
  brooklyn.config:
    softwareProcess.serviceProcessIsRunningPollPeriod: 50ms
    http.port: 20000-29999
    launch.command: |
      sleep 1000 &
      echo $! >$PID_FILE
"""


@pytest.fixture
async def houses(tmp_path, house):
    """Return the first master, and how to have a second one take over from it."""
    second = []

    async def take_over():
        await house.close()
        house.recorder.followers.clear()
        for item in opening(house.recorder.records, 5000).items:
            await house.recorder.commit(lambda _view, item=item: Decision(item.changes))
        second.append(await House(tmp_path, house.recorder).open())
        return second[0]

    yield house, take_over
    for one in second:
        for application in one.live.applications():
            await (await one.begin(application, "stop")).wait(30)
        await one.close()


async def test_processes_live_on_and_the_next_master_watches_them(houses, state, until, pids):
    first, take_over = houses
    await first.deploy(WEB)
    old = first.named("web")
    pids.append(int(Path(old.sensors["softwareprocess.pid.file"]).read_text()))
    second = await take_over()
    web = second.named("web")
    assert web.sensors == old.sensors
    os.kill(pids[0], 0)
    os.kill(pids[0], signal.SIGKILL)
    await until(lambda: state(web) == ("ON_FIRE", False))
    await second.completed(web, "restart")
    assert state(web) == ("RUNNING", True)
    pids.append(int(Path(web.sensors["softwareprocess.pid.file"]).read_text()))
    await second.completed(web, "stop")
    assert state(web) == ("STOPPED", False)


async def test_the_next_master_knows_which_ports_are_taken(houses, pids):
    first, take_over = houses
    text = WEB.replace("20000-29999", "21000-21999").replace("sleep 1000 &", "sleep 1000 >&2 &")
    await first.deploy(text)
    port = first.named("web").sensors["http.port"]
    pids.append(int(Path(first.named("web").sensors["softwareprocess.pid.file"]).read_text()))
    second = await take_over()
    app = await second.deploy(text.replace("name: web", "name: other"))
    other = next(iter(app.children))
    pids.append(int(Path(other.sensors["softwareprocess.pid.file"]).read_text()))
    assert other.sensors["http.port"] > port


async def test_a_start_goes_on_where_it_was(houses, state, until, pids):
    first, take_over = houses
    go = first.folder / "go"
    text = WEB.replace(
        "launch.command: |",
        f"install.command: echo install >>{first.folder}/trace\n"
        f"    pre.launch.command: |\n"
        f"      echo waits >>{first.folder}/trace\n"
        f"      while ! test -e {go}; do sleep 0.05; done\n"
        f"      echo goes on\n"
        f"    launch.command: |",
    )
    app = await first.deploy(text, start=False)
    task = await first.begin(app, "start")
    await until(
        lambda: any(part.name == "pre-launch-command" and part.streams for part in first.tasks)
    )
    second = await take_over()
    go.touch()
    task = second.tasks.get(task.id)
    assert await task.wait(20)
    assert (task.status, task.taken["count"]) == (Status.COMPLETED, 1)
    web = second.named("web")
    await until(lambda: state(web) == state(second.live.entity(app.id)) == ("RUNNING", True))
    pids.append(int(Path(web.sensors["softwareprocess.pid.file"]).read_text()))
    assert (first.folder / "trace").read_text() == "install\nwaits\n"
    waited = next(part for part in second.tasks if part.name == "pre-launch-command")
    assert b"".join(second.streams.read(waited.id, "stdout")) == b"goes on\n"


async def test_a_hand_over_in_the_middle_of_a_start_records_nothing_of_it(houses, until):
    first, _ = houses
    app = await first.deploy(WEB.replace("sleep 1000 &", "sleep 1000"), start=False)
    task = await first.begin(app, "start")
    await until(lambda: _running(first))
    records = first.recorder.records
    web = first.named("web")
    before = records.get("sensors", web.id), records.get("task", task.id)
    await first.close()
    assert (records.get("sensors", web.id), records.get("task", task.id)) == before
    assert before[0]["service.state"] == "STARTING"
    [folder] = _running(first)
    await _killed(folder, until)


def _running(house):
    """Return the folders of commands that have begun and not ended."""
    begun = (house.folder / "base" / "guard").glob("*/steps/*/started")
    return [one.parent for one in begun if not (one.parent / "end").read_text().strip()]


async def _killed(folder, until):
    """Kill a command that runs, with all that it started."""
    await until(lambda: _runner(folder))
    os.killpg(_runner(folder), signal.SIGKILL)


def _runner(folder):
    """Return the process group of the runner of a command; a program begins without a name."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                line = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(folder).encode() in line:
                return os.getpgid(int(process.name))
    return None


LATCHED = """
location: LOCALHOST
services:
- type: vanilla
  name: web
  brooklyn.config:
    launch.command: "true"
    checkRunning.command: ""
    latch.stop: $brooklyn:self().attributeWhenReady("never")
"""


async def test_what_a_stop_has_waited_for_its_latch_counts_on(monkeypatch, houses, until):
    first, take_over = houses
    monkeypatch.setattr(software, "_LATCH_STOP_S", 3600.0)
    await first.deploy(LATCHED)
    task = await first.begin(first.named("web"), "stop")
    records, key = first.recorder.records, "+since latch.stop"
    await until(lambda: key in records.get("task", task.id) and task.waits_for)
    hour_ms = 3_600_000
    began = {"began": records.get("task", task.id)[key]["moments"]["began"] - hour_ms}
    longer = Merge("task", task.id, {key: {"moments": began, "words": {}}})
    await first.recorder.commit(lambda _view: Decision([longer]))
    second = await take_over()
    ended = second.tasks.get(task.id)
    assert await ended.wait(20)
    assert ended.status is Status.COMPLETED
    monkeypatch.setattr(software, "_LATCH_STOP_S", 0.0)  # for the stop that clears up

import json
import os
import signal
from pathlib import Path

import pytest
from tests.entities.processes import SLEEPER, pid_of, recorded, steps

from brookline.operations.task import Status


async def test_a_process_is_launched_watched_and_stopped(house, state, until, pids, alive):
    app = await house.deploy(SLEEPER)
    web = house.named("web")
    assert state(web) == state(app) == ("RUNNING", True)
    assert web.sensors["service.process.isRunning"] is True
    pid = pid_of(web)
    pids.append(pid)

    os.kill(pid, signal.SIGKILL)
    await until(lambda: state(web) == ("ON_FIRE", False))
    assert web.sensors["service.process.isRunning"] is False
    assert "not appear to be running" in web.sensors["service.notUp.indicators"][
        "service.process.isRunning"
    ]  # fmt: skip
    await until(lambda: state(app) == ("ON_FIRE", False))

    await house.completed(web, "restart")
    pids.append(pid_of(web))
    assert state(web) == ("RUNNING", True)
    await until(lambda: state(app) == ("RUNNING", True))

    await house.completed(web, "stop")
    assert state(web) == ("STOPPED", False)
    assert web.sensors["service.process.isRunning"] is False
    assert not Path(web.sensors["softwareprocess.pid.file"]).exists()
    assert not alive(pids[-1])
    assert state(app) == ("RUNNING", True)


async def test_it_tells_where_it_is_and_forgets_the_address_when_it_is_stopped(house, pids):
    app = await house.deploy(SLEEPER)
    web = house.named("web")
    pids.append(pid_of(web))
    base = house.folder / "base"
    assert web.sensors["run.dir"] == (
        f"{base}/apps/{app.id}/entities/VanillaSoftwareProcess_{web.id}"
    )
    assert web.sensors["install.dir"].startswith(f"{base}/installs/VanillaSoftwareProcess_")
    assert web.sensors["host.address"] == web.sensors["host.name"] == "127.0.0.1"
    assert web.sensors["host.sshAddress"].endswith("@127.0.0.1:22")
    [machine] = map(house.live.location, web.locations)
    assert house.locations.is_machine(machine)
    assert web.sensors["softwareservice.provisioningLocation"] == app.locations[0]

    await house.completed(web, "stop")
    assert list(web.locations) == []
    assert house.live.location(machine.id) is None
    assert "host.address" not in web.sensors
    assert "host.sshAddress" in web.sensors
    assert "run.dir" in web.sensors


TRACE = """
location: LOCALHOST
brooklyn.config:
  folder: FOLDER
  shell.env: {SHARED: fromApp, OWN: hidden}
services:
- type: vanilla
  name: web
  brooklyn.config:
    shell.env:
      OWN: web
      LIST: [1, {a: b c}]
      FLAG: true
      NOTHING: null
      TRACE: $brooklyn:formatString("%s/trace", $brooklyn:config("folder"))
    files.preinstall: {"data:,early": early.txt}
    files.install: {"data:,hello": sub/install.txt}
    files.customize: {"data:,hi": customize.txt}
    files.runtime: {"data:,there": runtime.txt}
    pre.install.command: &hook
      echo "hook $PWD ${INSTALL_DIR-none} ${RUN_DIR-none} ${PID_FILE-none} $SHARED" >>$TRACE
    post.install.command: *hook
    pre.customize.command: *hook
    post.customize.command: *hook
    pre.launch.command: *hook
    post.launch.command: *hook
    install.command: |
      cat early.txt sub/install.txt >/dev/null
      echo "install $PWD ${INSTALL_DIR-none} ${RUN_DIR-none} $OWN" >>$TRACE
    customize.command: |
      cat $INSTALL_DIR/customize.txt >/dev/null
      echo "customize $PWD $INSTALL_DIR $RUN_DIR $PID_FILE" >>$TRACE
    launch.command: |
      cat runtime.txt >/dev/null
      echo "launch $PWD $INSTALL_DIR $RUN_DIR $PID_FILE" >>$TRACE
      echo "env $LIST $FLAG ${NOTHING-unset}." >>$TRACE
    checkRunning.command: |
      test "$PWD" = "$RUN_DIR"
    stop.command: |
      echo "stop $PWD" >>$TRACE
"""


async def test_the_phases_run_in_order_each_with_its_variables_and_folder(house):
    app = await house.deploy(TRACE.replace("FOLDER", str(house.folder)))
    web = house.named("web")
    assert house.start_task(app).status is Status.COMPLETED, house.start_task(web).error
    install, run = web.sensors["install.dir"], web.sensors["run.dir"]
    home, pid = Path.home(), f"{run}/pid.txt"
    hook = f"hook {home} none none none fromApp"
    launch_hook = f"hook {home} none none {pid} fromApp"
    assert recorded(house, "trace") == [
        hook,
        f"install {install} {install} none web",
        hook,
        hook,
        f"customize {run} {install} {run} {pid}",
        hook,
        launch_hook,
        f"launch {run} {install} {run} {pid}",
        'env [1,{"a":"b c"}] true .',
        launch_hook,
    ]
    assert steps(house.start_task(web)) == [
        "provision",
        "copy early.txt",
        "pre-install-command",
        "copy sub/install.txt",
        "check-installed",
        "install",
        "mark-installed",
        "post-install-command",
        "copy customize.txt",
        "pre-customize-command",
        "customize",
        "post-customize-command",
        "copy runtime.txt",
        "pre-launch-command",
        "launch",
        "post-launch-command",
        "wait-for-running",
    ]
    (house.folder / "trace").unlink()
    await house.completed(web, "restart")
    assert [line.split()[0] for line in recorded(house, "trace")] == [
        "stop", "hook", "launch", "env", "hook",
    ]  # fmt: skip


async def test_check_and_stop_have_all_variables_too(house, until):
    app = await house.deploy(
        f"""
        location: LOCALHOST
        services:
        - type: vanilla
          name: web
          brooklyn.config:
            softwareProcess.serviceProcessIsRunningPollPeriod: 20ms
            start.timeout: 5s
            shell.env: {{NAME: $brooklyn:attributeWhenReady("host.address")}}
            launch.command: touch $NAME
            checkRunning.command: test -e $NAME -a -d "$INSTALL_DIR"
            stop.command: echo "$NAME $INSTALL_DIR $RUN_DIR" >{house.folder}/stopped
        """
    )
    web = house.named("web")
    assert house.start_task(app).status is Status.COMPLETED, house.start_task(web).error
    await house.completed(web, "start")
    assert steps(house.tasks.of_entity(web.id)[-2]) == ["check-running"]
    [install, run] = web.sensors["install.dir"], web.sensors["run.dir"]
    await house.completed(web, "stop")
    assert recorded(house, "stopped") == [f"127.0.0.1 {install} {run}"]


async def test_commands_have_their_streams(house, pids):
    await house.deploy(
        SLEEPER.replace("sleep 1000 &", "echo launched; echo warned >&2; sleep 1000 &")
    )
    web = house.named("web")
    pids.append(pid_of(web))
    task = house.start_task(web)
    assert house.stream(task, "launch", "stdout") == "launched\n"
    assert house.stream(task, "launch", "stderr") == "warned\n"
    assert "sleep 1000" in house.stream(task, "launch", "stdin")


async def test_the_same_installation_is_made_once_on_a_host(house):
    text = f"""
    location: LOCALHOST
    services:
    - &one
      type: vanilla
      brooklyn.config:
        install.command: echo installed >>{house.folder}/trace; sleep 0.05
        pre.install.command: echo hook >>{house.folder}/trace
        launch.command: "true"
        checkRunning.command: ""
    - *one
    - *one
    """
    app = await house.deploy(text)
    assert house.start_task(app).status is Status.COMPLETED
    assert sorted(recorded(house, "trace")) == ["hook", "hook", "hook", "installed"]
    assert len({child.sensors["install.dir"] for child in app.children}) == 1
    await house.deploy(text)
    assert recorded(house, "trace").count("installed") == 1


async def test_another_environment_is_another_installation(house):
    one = """
    - type: vanilla
      brooklyn.config:
        shell.env: {N: %d}
        install.command: echo $N >n
        launch.command: "true"
        checkRunning.command: ""
    """
    app = await house.deploy(f"location: LOCALHOST\nservices:\n{one % 1}\n{one % 2}")
    found = [(Path(c.sensors["install.dir"]) / "n").read_text() for c in app.children]
    assert found == ["1\n", "2\n"]


@pytest.mark.parametrize(
    ("command", "step"),
    [("install.command", "install"), ("customize.command", "customize"),
     ("pre.launch.command", "pre-launch-command"), ("launch.command", "launch")],
)  # fmt: skip
async def test_a_phase_that_fails_fails_the_start_and_says_why(house, state, command, step):
    app = await house.deploy(
        f"""
        location: LOCALHOST
        services:
        - type: vanilla
          name: web
          brooklyn.config:
            {"" if command == "launch.command" else 'launch.command: "true"'}
            {command}: |
              echo going on; echo no such thing >&2; exit 7
        """
    )
    web = house.named("web")
    task = house.start_task(app)
    reason = f"{step} ended with exit code 7: no such thing"
    assert (task.status, task.error.splitlines()[0]) == (Status.FAILED, reason)
    assert state(web)[0] == state(app)[0] == "ON_FIRE"
    assert web.sensors["service.problems"] == {"start": reason}
    part = house.start_task(web).children[-1]
    assert (part.name, part.status) == (step, Status.FAILED)
    await house.completed(web, "stop")
    assert state(web) == ("STOPPED", False)
    assert web.sensors["service.problems"] == {}


async def test_a_process_that_does_not_come_up_in_time_fails_the_start(house, state):
    app = await house.deploy(
        """
        location: LOCALHOST
        services:
        - type: vanilla
          name: web
          brooklyn.config: {launch.command: "true", start.timeout: 300ms}
        """
    )
    pid_file = house.named("web").sensors["softwareprocess.pid.file"]
    assert house.start_task(app).error == (
        "web is not running 0.3s after it was launched: "
        f"the check says exit code 1, there is no file {pid_file}"
    )
    assert state(house.named("web"))[0] == "ON_FIRE"


async def test_the_other_children_run_although_one_failed(house, state, pids):
    app = await house.deploy(
        SLEEPER + "- {type: vanilla, name: bad, brooklyn.config: {launch.command: exit 1}}"
    )
    pids.append(pid_of(house.named("web")))
    assert state(house.named("web")) == ("RUNNING", True)
    assert state(house.named("bad"))[0] == "ON_FIRE"
    assert state(app)[0] == "ON_FIRE"


async def test_a_process_without_a_launch_command_is_refused(house):
    app = await house.deploy("location: LOCALHOST\nservices: [{type: vanilla, name: web}]")
    assert house.start_task(app).error == "web has no launch.command"


async def test_what_needs_another_waits_for_it(house):
    app = await house.deploy(
        f"""
        location: LOCALHOST
        services:
        - type: vanilla
          name: web
          brooklyn.config:
            shell.env:
              DB: $brooklyn:component("db").attributeWhenReady("main.uri")
            launch.command: echo "web $DB" >>{house.folder}/trace
            checkRunning.command: ""
        - type: vanilla
          id: db
          name: db
          brooklyn.config:
            http.port: 20000-29999
            pre.install.command: sleep 0.1
            launch.command: echo db >>{house.folder}/trace
            checkRunning.command: ""
        """
    )
    assert house.start_task(app).status is Status.COMPLETED
    uri = house.named("db").sensors["main.uri"]
    assert sorted(recorded(house, "trace")) == ["db", f"web {uri}"]


async def test_starting_what_runs_already_launches_nothing_twice(house, state, pids):
    await house.deploy(SLEEPER)
    web = house.named("web")
    pids.append(pid_of(web))
    task = await house.completed(web, "start")
    assert pid_of(web) == pids[0]
    assert steps(task) == ["check-running"]
    assert state(web) == ("RUNNING", True)


async def test_children_start_as_their_mode_says(house, state, until):
    def blueprint(mode):
        return f"""
        location: LOCALHOST
        services:
        - type: vanilla
          name: {mode}
          brooklyn.config:
            children.startable.mode: {mode}
            launch.command: "true"
            checkRunning.command: ""
          brooklyn.children: [{{type: BasicStartable, name: child of {mode}}}]
        """

    for mode in ("none", "foreground", "foreground_late", "background", "background_late"):
        await house.deploy(blueprint(mode))
        child = house.named(f"child of {mode}")
        if mode == "none":
            assert state(child) == (None, None)
        else:
            await until(lambda child=child: state(child) == ("RUNNING", True))


async def test_without_monitoring_nobody_asks_whether_it_runs(house, state):
    app = await house.deploy(
        """
        location: LOCALHOST
        services:
        - type: vanilla
          name: web
          brooklyn.config: {launch.command: "true", sshMonitoring.enabled: false}
        """
    )
    web = house.named("web")
    assert house.start_task(app).status is Status.COMPLETED
    assert state(web) == ("RUNNING", True)
    assert "service.process.isRunning" not in web.sensors
    assert json.dumps(web.sensors)

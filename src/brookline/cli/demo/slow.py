"""An installation that takes a while, and whose master dies in its midst.

Its commands write down when they begin and end. So what they did is known from themselves, and not
only from those who ran them.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from brookline.cli.demo.nodes import is_alive
from brookline.cli.demo.stage import NotSeen
from brookline.cli.progress import phases_of
from brookline.client import calls
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from brookline.cli.demo.narration import Narration
    from brookline.cli.demo.stage import Stage
    from brookline.cli.progress import Phase
    from brookline.client.client import Client

PARTS = 50
"""Lines that the installation writes, ten a second."""

COMMANDS = ("pre-install", "install", "customize", "launch")

_BEGIN_S, _GO_ON_S, _END_S = 30.0, 15.0, 45.0

_PLAN = """\
# An installation that takes a while. Every command writes into a file when it begins and ends.
name: Slow
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: slow
  brooklyn.config:
    onbox.base.dir: {machine}
    shell.env:
      TRACE: {trace}
    pre.install.command: |
      echo "begin pre-install $$" >>"$TRACE"
      echo "end pre-install" >>"$TRACE"
    install.command: |
      echo "begin install $$" >>"$TRACE"
      for part in $(seq {parts}); do echo "part $part of {parts}"; sleep 0.1; done
      echo "end install" >>"$TRACE"
    customize.command: |
      echo "begin customize $$" >>"$TRACE"
      echo "end customize" >>"$TRACE"
    launch.command: |
      echo "begin launch $$" >>"$TRACE"
      touch running
      echo "end launch" >>"$TRACE"
    checkRunning.command: test -e running
    stop.command: rm -f running
"""


class SlowInstallation:
    """The application, its commands, and what becomes of them.

    Attributes:
        summary: Which steps were finished, attached and resumed; empty before the end.
    """

    def __init__(self, stage: Stage, tell: Narration) -> None:
        self.summary = ""
        self._stage = stage
        self._tell = tell
        self._trace = stage.folder / "trace"
        self._task = ""
        self._step = ""
        self._process = 0
        self._written = 0
        self._killed_ms = 0

    def begin(self, client: Client) -> None:
        """Deploy it, and wait until its output is seen.

        Raises:
            NotSeen: If that does not come in time.
        """
        stage, tell = self._stage, self._tell
        plan = stage.folder / "slow.yaml"
        text = _PLAN.format(
            parts=PARTS,
            trace=json.dumps(str(self._trace)),
            machine=json.dumps(str(stage.folder / "machine")),
        )
        plan.write_text(text, encoding="utf-8")
        tell.say(f"$ brookline deploy {os.path.relpath(plan)}")
        app = new_id()
        stage.apps.append(app)
        self._task = client.do(calls.deploy(text, app_id=app))["id"]
        self._step = stage.wait_for("it installs", lambda: self._install(client), seconds=_BEGIN_S)
        stage.wait_for(
            "its output", lambda: len(self._output(client)) >= 3 or None, seconds=_BEGIN_S
        )
        self._process = int(self._lines()[-1].split()[-1])
        tell.seen(
            f"install runs on the machine: process {self._process}, {PARTS} parts,"
            f" task {self._step}"
        )

    def dies(self, client: Client) -> None:
        """Take note of how far it is, for its master is about to be killed."""
        output = self._output(client)
        self._written, self._killed_ms = len(output), self._stage.pace.wall_ms()
        self._tell.say(f"its output so far: {output[0]} … {output[-1]}")

    def goes_on(self, client: Client) -> None:
        """See that the command did not notice, and that the new master shows what it writes.

        Raises:
            NotSeen: If one is not so.
        """
        if not is_alive(self._process):
            raise NotSeen("the command goes on", f"process {self._process} has ended")
        self._tell.seen(f"the command never noticed: process {self._process} goes on")
        output = self._stage.wait_for(
            "its output streams on in the same task", lambda: self._more(client), seconds=_GO_ON_S
        )
        self._tell.seen(f"n2 has attached to it; in the same task: {output[-1]}")

    def finish(self, client: Client) -> None:
        """See that all of it is done, and each command once.

        Raises:
            NotSeen: If it is not so.
        """
        task = self._stage.wait_for(
            "the installation ends", lambda: self._ended(client), seconds=_END_S
        )
        below = client.do(calls.task_descendants(self._task)).values()
        now_ms = self._stage.pace.wall_ms()
        phases = [phase for phase in phases_of(below) if phase.name.partition("-c")[0] in COMMANDS]
        self._tell.seen("it went on to its end: " + ", ".join(p.text(now_ms) for p in phases))
        if self._output(client) != [f"part {n + 1} of {PARTS}" for n in range(PARTS)]:
            raise NotSeen("its output has no gap and no line twice")
        self._tell.seen(f"its output is whole: {PARTS} parts, none missing, none twice")
        self._judge_commands()
        self._judge_taking_up(task.get("takenUp") or {}, phases_of(below))

    def _judge_commands(self) -> None:
        done = [" ".join(line.split()[:2]) for line in self._lines()]
        if done != [f"{what} {one}" for one in COMMANDS for what in ("begin", "end")]:
            raise NotSeen("each command ran once, in order", "; ".join(done))
        self._tell.seen(
            f"each command ran once, in order, as they wrote into {os.path.relpath(self._trace)}:"
        )
        self._tell.more([", ".join(COMMANDS)])

    def _judge_taking_up(self, taken: dict[str, Any], phases: list[Phase]) -> None:
        """Say which steps the new master found finished, and to which it attached.

        Raises:
            NotSeen: If it was anything else than that install was attached to.
        """
        count, finished = taken.get("count", 0), taken.get("finished", 0)
        attached, resumed = taken.get("attached", 0), taken.get("resumed", 0)
        ended = sorted((one.ended, one.name) for one in phases if one.ended)
        done = [name for at, name in ended if at <= self._killed_ms]
        if (count, attached, resumed, finished) != (1, 1, 0, len(done)) or "install" in done:
            seen = json.dumps({**taken, "ended before": done})
            raise NotSeen("it was taken up once, and install attached to", seen)
        self._tell.seen(f"found finished: {', '.join(done)}")
        self._tell.seen("attached to: install; resumed by running it again: none")
        self.summary = (
            f"The installation was taken up once. Found finished: {', '.join(done)}."
            " Attached to: install. Resumed by running it again: none."
        )

    def _install(self, client: Client) -> str | None:
        """Return the id of the task of the install command once it has written something."""
        for task in client.do(calls.task_descendants(self._task)).values():
            if task["displayName"] == "install" and "stdout" in task.get("streams", ()):
                return str(task["id"])
        return None

    def _output(self, client: Client) -> list[str]:
        return client.do(calls.task_stream(self._step, "stdout")).splitlines()

    def _more(self, client: Client) -> list[str] | None:
        output = self._output(client)
        return output if len(output) > self._written else None

    def _ended(self, client: Client) -> dict[str, Any] | None:
        task = client.do(calls.task(self._task))
        if task.get("isError"):
            raise NotSeen("the installation goes on to its end", str(task.get("result")))
        return task if task.get("currentStatus") == "Completed" else None

    def _lines(self) -> list[str]:
        return self._trace.read_text(encoding="utf-8").splitlines()

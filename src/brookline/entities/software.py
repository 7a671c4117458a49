"""Software processes: install, customize and launch on a machine, watch, stop.

The phases are run by a subclass, such as `vanilla`; what is run in each is in `phases`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brookline.entities import boxes, places
from brookline.entities.health import Report
from brookline.entities.platform import Platform, platform_of, this_operation
from brookline.entities.software_keys import (
    ChildrenMode,
    RestartMachine,
    SoftwareKeys,
    StopMode,
)
from brookline.entities.startable import OWN
from brookline.errors import BrooklineError, InvalidInput, RemoteError
from brookline.model.effectors import Parameter, effector
from brookline.model.service import EXPECTED, Lifecycle, lifecycle
from brookline.model.service import STATE as ACTUAL
from brookline.operations.kept import Moments
from brookline.operations.safety import repeatable
from brookline.values.durations import Duration

if TYPE_CHECKING:
    from brookline.entities.phases import Box
    from brookline.locations.command import Finished
    from brookline.locations.machine import Machine
    from brookline.operations.operation import Operation

log = logging.getLogger("brookline.entities")

PROCESS = "service.process.isRunning"
"""Sensor, and the key of its reason for not being up."""

_UNKNOWN_YET = "No information yet on whether this service is running"
_NOT_RUNNING = "The software process for this entity does not appear to be running"
_LATCH_STOP_S = 60.0
_FIRST_POLL_S = 0.1
_LONGEST_POLL_S = 2.0

_STOP_MODES = "ALWAYS, IF_NOT_STOPPED or NEVER"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a look at a process found.

    Attributes:
        running: Whether it runs; None if that is not to be known.
        why: What the check said if it does not, with a colon before it; or empty.
    """

    running: bool | None
    why: str = ""

    @classmethod
    def of(cls, finished: Finished) -> Answer:
        """Return what the end of a check command says."""
        lines = (finished.stderr.strip() or finished.stdout.strip()).splitlines()
        said = f"exit code {finished.exit_code}" + (f", {lines[-1]}" if lines else "")
        return cls(finished.ok, "" if finished.ok else f": the check says {said}")


class SoftwareProcess(SoftwareKeys, abstract=True):
    """A process on a machine. What it is made of is said by a subclass."""

    __slots__ = ()

    @property
    def machine(self) -> Machine:
        """The machine on which it runs, for effectors.

        Raises:
            RemoteError: If it has none.
        """
        return self.machine_on(platform_of(this_operation()))

    def machine_on(self, platform: Platform) -> Machine:
        """Return the machine on which it runs.

        Raises:
            RemoteError: If it has none.
        """
        for location in map(platform.live.location, self.effective_locations()):
            if location is not None and platform.locations.is_machine(location):
                return platform.locations.machine(location)
        raise RemoteError(f"{self.name} has no machine: it was not started, or was stopped")

    def _has_box(self, op: Operation) -> bool:
        """Tell whether it has a machine, be it its parent's, and was started there before."""
        return places.machine_of(op, self) is not None and bool(self.sensors.get("run.dir"))

    # What a subclass says.

    async def bring_up(self, op: Operation, box: Box, *, installs: bool) -> Box:
        """Do all phases up to the launch, or the launch alone; return the box as it is then."""
        raise NotImplementedError

    async def ask_running(self, platform: Platform, box: Box) -> Answer:
        """Tell whether the process runs."""
        raise NotImplementedError

    async def bring_down(self, op: Operation, box: Box) -> None:
        """Stop the process."""
        raise NotImplementedError

    # Starting.

    async def do_start(self, op: Operation) -> None:
        """Obtain a machine and bring the process up on it."""
        platform = platform_of(op)
        not_yet = Report(unset=(PROCESS,), not_up={PROCESS: _UNKNOWN_YET})
        await platform.report(op, self, not_yet)
        again = await op.remember("was started before", lambda: self._has_box(op))
        box = await boxes.provide(op, self)
        nothing_to_do, running = await self._runs_already(op, again=again)
        if not nothing_to_do:
            mode = await platform.config(op, self, type(self).children_mode)
            await self._start_children(op, mode, late=False)
            box = await self.bring_up(op, box, installs=True)
            running = await self._await_running(op, box)
            await self._start_children(op, mode, late=True)
        await self._report_up(op, running)

    async def _runs_already(self, op: Operation, *, again: bool) -> tuple[bool, bool | None]:
        """Tell whether nothing needs to be launched, and whether the process runs.

        A start that is called again launches nothing twice; where the machine is new, an answer of
        "running" could only be another's.
        """
        platform = platform_of(op)
        skips = await platform.config(op, self, type(self).skip_start)
        if_running = await platform.config(op, self, type(self).skip_start_if_running)
        if skips or again or if_running:
            box = boxes.known(self)
            running = await op.step("check-running", self._is_running, platform, box)
            return bool(skips or running), running
        return False, None

    @repeatable
    async def _is_running(self, platform: Platform, box: Box) -> bool | None:
        return (await self.ask_running(platform, box)).running

    async def _await_running(self, op: Operation, box: Box) -> bool | None:
        """Wait until the process runs; return None if that is not to be known.

        Raises:
            RemoteError: If it does not within ``start.timeout``.
        """
        platform = platform_of(op)
        limit = await platform.config(op, self, type(self).start_timeout)
        assert limit is not None
        found: bool | None = await op.step(
            "wait-for-running", self._poll, platform, box, limit.seconds
        )
        return found

    @repeatable
    async def _poll(self, platform: Platform, box: Box, limit_s: float) -> bool | None:
        clock, step = platform.clock, this_operation()
        # The time goes on counting if another master goes on with it.
        waited_s = max(0, clock.wall_ms() - (step.task.started_ms or 0)) / 1000
        deadline, pause = clock.monotonic() + limit_s - waited_s, _FIRST_POLL_S
        with step.waiting("for the process to run"):
            while (answer := await self.ask_running(platform, box)).running is False:
                if clock.monotonic() >= deadline:
                    raise RemoteError(
                        f"{self.name} is not running {limit_s:g}s after it was launched{answer.why}"
                    )
                await clock.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_POLL_S)
        return answer.running

    async def _report_up(self, op: Operation, running: bool | None) -> None:
        sensors = {} if running is None else {PROCESS: running}
        up = running is not False
        not_up = {PROCESS: None if up else _NOT_RUNNING}
        report = Report(sensors, problems={"check": None}, not_up=not_up)
        await platform_of(op).report(op, self, report)

    async def _start_children(
        self, op: Operation, mode: ChildrenMode | None, *, late: bool
    ) -> None:
        foreground = ChildrenMode.FOREGROUND_LATE if late else ChildrenMode.FOREGROUND
        background = ChildrenMode.BACKGROUND_LATE if late else ChildrenMode.BACKGROUND
        if mode is foreground:
            await op.join_all([op.begin_call(child, "start") for child in self.startables()])
        elif mode is background:
            for child in self.startables():
                await op.begin_apart(child, "start")

    # Stopping.

    @effector(
        parameters=(
            Parameter(
                "stopProcessMode",
                StopMode,
                StopMode.IF_NOT_STOPPED,
                f"When to stop the process: {_STOP_MODES}",
                argument="process_mode",
            ),
            Parameter(
                "stopMachineMode",
                StopMode,
                StopMode.IF_NOT_STOPPED,
                f"When to release the machine: {_STOP_MODES}",
                argument="machine_mode",
            ),
        )
    )
    async def stop(
        self,
        op: Operation,
        process_mode: StopMode = StopMode.IF_NOT_STOPPED,
        machine_mode: StopMode = StopMode.IF_NOT_STOPPED,
    ) -> None:
        """Stop the process or service represented by an entity."""
        async with op.exclusive(self, ends=("start", "restart")), self.burning(op, "stop"):
            stopped = await op.remember("was stopped", self._is_stopped)
            await self.expect(op, Lifecycle.STOPPING, not_up={OWN: "Service stopping"})
            await self._await_stop_latch(op)
            if await platform_of(op).config(op, self, type(self).children_mode) not in (
                None,
                ChildrenMode.NONE,
            ):
                await self.do_stop(op)
            if _applies(process_mode, stopped=stopped):
                await self._stop_process(op)
            if _applies(machine_mode, stopped=stopped):
                await places.release(op, self)
            await self.expect(op, Lifecycle.STOPPED, not_up={OWN: "Service stopped"})

    def _is_stopped(self) -> bool:
        return lifecycle(self.sensors.get(ACTUAL)) is Lifecycle.STOPPED

    async def _stop_process(self, op: Operation) -> None:
        if await op.remember("has a machine", lambda: self._has_box(op)):
            await self.bring_down(op, boxes.known(self))
        report = Report({PROCESS: False}, not_up={PROCESS: _NOT_RUNNING})
        await platform_of(op).report(op, self, report)

    async def _await_stop_latch(self, op: Operation) -> None:
        """Wait for the latch, but not for ever: what it names may be gone, or fail."""
        left_s = await self._left_for_stop_latch(op)
        try:
            async with asyncio.timeout(left_s):
                await self.await_latch(op, "latch.stop")
        except (TimeoutError, BrooklineError) as error:
            fields = {"entity": self.id, "why": str(error)}
            log.warning("latch.stop did not open", extra={"fields": fields})

    async def _left_for_stop_latch(self, op: Operation) -> float:
        """Return the seconds that the latch has yet, which count on under the next master."""
        if self.find_config("latch.stop") is None:
            return _LATCH_STOP_S
        kept, now_ms = op.kept("latch.stop"), op.clock.wall_ms()
        before = kept.get()
        if before is None:
            await kept.put(before := Moments({"began": now_ms}, {}))
        return _LATCH_STOP_S - max(0, now_ms - before.moments["began"]) / 1000

    # Restarting.

    @effector(
        parameters=(
            Parameter(
                "restartChildren",
                bool,
                default=False,
                description="Whether children are restarted too",
                argument="children",
            ),
            Parameter(
                "restartMachine",
                RestartMachine,
                RestartMachine.AUTO,
                "Whether to obtain a machine anew: TRUE, FALSE or AUTO, which means FALSE",
                argument="machine",
            ),
        )
    )
    async def restart(
        self,
        op: Operation,
        children: bool = False,
        machine: RestartMachine = RestartMachine.AUTO,
    ) -> None:
        """Restart the process or service represented by an entity."""
        async with op.exclusive(self), self.burning(op, "restart"):
            anew = machine is RestartMachine.TRUE
            if anew or not await op.remember("has a box", lambda: self._has_box(op)):
                await op.call(self, "stop")
                await op.call(self, "start")
            else:
                await self._restart_process(op)
            if children:
                await op.join_all([op.begin_call(c, "restart") for c in self.startables()])

    async def _restart_process(self, op: Operation) -> None:
        await self.expect(op, Lifecycle.STOPPING, not_up={OWN: "Service restarting"})
        await self._stop_process(op)
        await self.expect(op, Lifecycle.STARTING, not_up={OWN: "Service restarting"})
        box = await self.bring_up(op, boxes.known(self), installs=False)
        await self._report_up(op, await self._await_running(op, box))
        await self.expect(op, Lifecycle.RUNNING, not_up={OWN: None})

    # Watching.

    def is_watched(self) -> bool:
        """Tell whether the process is meant to run."""
        return lifecycle(self.sensors.get(EXPECTED)) is Lifecycle.RUNNING

    def check_period_s(self) -> float:
        """Return the seconds from one look to the next."""
        period: Any = None
        with contextlib.suppress(InvalidInput):  # as an ancestor may have it, which does not check
            period = self.check_period
        # An expression is not waited for; the default does meanwhile.
        return max(0.01, period.seconds) if isinstance(period, Duration) else 5.0

    async def check(self, platform: Platform) -> None:
        """Look whether the process runs, and report what is new."""
        try:
            running = (await self.ask_running(platform, boxes.known(self))).running
        except RemoteError as error:
            await platform.tell(self, Report(problems={"check": error.message}))
            return
        if running is not None:
            reason = None if running else _NOT_RUNNING
            report = Report({PROCESS: running}, problems={"check": None}, not_up={PROCESS: reason})
            await platform.tell(self, report)


def _applies(mode: StopMode, *, stopped: bool) -> bool:
    return mode is StopMode.ALWAYS or (mode is StopMode.IF_NOT_STOPPED and not stopped)

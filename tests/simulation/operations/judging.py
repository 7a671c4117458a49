"""Judges a run when it is over, by the log and by what truly happened."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.simulation.operations.player import COUNTS
from tests.simulation.operations.recount import Missing, Nowhere, recount

from brookline.journal.records import Records
from brookline.operations.interruption import Cause
from brookline.operations.taking_up import waits
from brookline.operations.task import DONE, KIND, Status

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from tests.simulation.operations.world import World

    from brookline.testing.oracle import Oracle
    from brookline.wire.changes import Value

_OUTCOME = ("status", "result", "failure", "error")
KILLED = (137, 143)
"""With what a command ends that is killed."""

_STEPS = {"command", "tries", "once", "again"}


class Judge:
    """Finds what went wrong.

    Args:
        world: That of the run.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._oracle: Oracle = world.harness.oracle
        self._tasks = dict(self._oracle.records.all(KIND))
        self._marks: dict[str, Value] = defaultdict(dict)
        self._runs: dict[str, set[tuple[int, int]]] = defaultdict(set)

    def judge(self) -> None:
        """Tell the oracle of all that is wrong."""
        self._outcomes_stay()
        for task_id, value in self._tasks.items():
            status = Status(value["status"])
            if not status.ended:
                self._wrong(f"{self._named(task_id)} has not ended")
            if value.get("interruption") and not value.get("parent"):
                self._has_reason(task_id, value["interruption"])
            if value.get("effector") and status in (Status.COMPLETED, Status.FAILED):
                self._follows(task_id, value)
            if (script := self._world.script(task_id)) and script["do"] in _STEPS:
                self._was_done(task_id, value, script)
                self._streams_whole(task_id, value, script)
        for task_id, counted in self._oracle.records.all(COUNTS).items():
            marks = self._marks[task_id].items()
            records = [key for key, item in marks if isinstance(item, int) and _is_count(key)]
            if counted["number"] != len(records):
                self._wrong(f"{task_id} counted to {counted['number']} in {len(records)} records")

    def _outcomes_stay(self) -> None:
        """What ended stays as it is, and what was recorded on the way does so until then."""
        records = Records()
        for entry in self._oracle.entries:
            for change in (one for item in entry.items() for one in item.changes):
                before = (records.get(KIND, change.id) if change.kind == KIND else None) or {}
                records.apply([change])
                if change.kind == KIND:
                    after = records.get(KIND, change.id) or {}
                    for what in _changed(before, after):
                        self._wrong(f"entry {entry.seq} changes {what} of {change.id}")
                    if after and _runs(after):
                        self._runs[change.id].add((entry.epoch, _taken(after).get("count", 0)))
                    marks = {key: item for key, item in after.items() if key.startswith(DONE)}
                    self._marks[change.id] |= marks

    def _whole(self, task_id: str) -> Value:
        """Return a record together with what was recorded on the way."""
        return {**self._tasks.get(task_id, {}), **self._marks[task_id]}

    def _follows(self, task_id: str, value: Value) -> None:
        """What it returned, or why it failed, follows from outcomes."""
        try:
            result, error = recount(self._whole, task_id, Nowhere(self._world))
        except Missing as what:
            self._wrong(f"{self._named(task_id)} ended without an outcome of {what}")
            return
        if value["status"] == "completed":
            if error is not None or result != value.get("result"):
                self._wrong(
                    f"{self._named(task_id)} returned {value.get('result')}, not {error or result}"
                )
        elif error is None or str(error).partition("\n")[0] not in value["error"]:
            self._wrong(f"{self._named(task_id)} failed: {value['error']}; not {error or result}")

    def _was_done(self, task_id: str, value: Value, script: Value) -> None:
        """A step that completed was done and found what was there; one that failed did fail."""
        tokens, result = self._world.tokens[task_id], value.get("result")
        found = result["stdout"] if isinstance(result, dict) else result
        failure = value.get("failure") or {}
        match value["status"]:
            case "completed" if script["do"] == "command" and result["exit_code"] < 0:
                self._wrong(f"{self._named(task_id)} was killed and has completed")
            case "completed" if found not in tokens:
                self._wrong(f"{self._named(task_id)} found {found}, and not one of {tokens}")
            case "failed" if not self._may_fail(task_id, script, failure):
                self._wrong(f"{self._named(task_id)} is called failed, and did not: {failure}")

    def _streams_whole(self, task_id: str, value: Value, script: Value) -> None:
        """No server has a gap in what a command wrote, or anything twice."""
        tokens = self._world.tokens[task_id]
        if script["do"] not in ("command", "tries") or len(tokens) != 1:
            return
        [token] = tokens
        for server, content in self._world.outputs(task_id):
            if not token.encode().startswith(content):
                self._wrong(f"{server} has {content!r} of {self._named(task_id)}, not {token}")
        size = (value.get("streams") or {}).get("stdout")
        if value["status"] == "completed" and size != len(token):
            self._wrong(f"{self._named(task_id)} wrote {size} bytes, not {len(token)}")

    def _may_fail(self, task_id: str, script: Value, failure: Value) -> bool:
        match failure["class"]:
            case "ValueError":
                return bool(script.get("fails"))
            case "CommandFailed":
                return self._world.codes.get(task_id) == failure["attributes"]["exit_code"]
            case "TimedOut":
                return "timeout" in script
            case "Cancelled":  # by a server that could not record it any more
                ended = self._world.codes.get(task_id) in (None, *KILLED)
                return ended or task_id in self._world.killed
        return False  # a machine out of reach, above all, is no reason

    def _has_reason(self, task_id: str, interruption: Value) -> None:
        """An operation is interrupted only by what has happened."""
        match Cause(interruption["cause"]):
            case Cause.ONCE:
                steps = [v for v in self._tasks.values() if v["name"] == interruption["step"]]
                found = any(v.get("once") and v["status"] == "interrupted" for v in steps)
            case Cause.SUSPECT:
                found = len(self._runs[task_id]) >= 2
            case Cause.REBOOTED:
                found = self._befell(interruption, self._world.reboots)
            case Cause.RESET:
                found = self._befell(interruption, self._world.resets)
                # Or by a reboot, which the next master is not told of.
                given_up = "took it for lost" in interruption["reason"]
                found |= given_up and self._befell(interruption, self._world.reboots)
            case Cause.CHANGED:
                found = bool(self._world.versions)
            case _:
                found = False
        if not found:
            self._wrong(f"{self._named(task_id)} is interrupted, and nothing was: {interruption}")

    def _befell(self, interruption: Value, befallen: Counter[str]) -> bool:
        """Tell whether something befell the machine of the step that interrupted an operation."""
        on = self._world.script(interruption.get("part", "")).get("on")
        return befallen[on] > 0 if on else befallen.total() > 0

    def _named(self, task_id: str) -> str:
        return f"{self._tasks[task_id]['name']} ({task_id})"

    def _wrong(self, what: str) -> None:
        self._oracle.wrong(what)


def _is_count(key: str) -> bool:
    return not key.startswith((f"{DONE}sleep ", f"{DONE}lock "))


def _taken(value: Value) -> Value:
    return value.get("taken") or {}


def _runs(value: Value) -> bool:
    """Tell whether a record says that its code runs: it has not ended, and waits for no turn."""
    return not Status(value["status"]).ended and not waits(_taken(value))


def _changed(before: Value, after: Value) -> Iterator[str]:
    """Yield which of the things that never change did."""
    if not before:
        return
    ended = Status(after["status"]).ended if after else True
    resolved = before["status"] == "interrupted"
    if Status(before["status"]).ended and not resolved:
        yield from (what for what in _OUTCOME if before.get(what) != after.get(what))
    for key, item in before.items():
        gone = ended or (resolved and key.startswith(f"{DONE}lock "))
        if key.startswith(DONE) and after.get(key, item if gone else None) != item:
            yield key

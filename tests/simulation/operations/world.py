"""The world outside of a plane: machines, and what is done there and elsewhere, seen by one who knows."""

from __future__ import annotations

import json
import zlib
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from brookline.operations.taking_up import waits
from brookline.operations.task import KIND as TASK
from brookline.operations.task import Status, child_id
from brookline.testing.memory_streams import MemoryStreams
from brookline.testing.sim_machine import Behaviour, GuardRules, SimMachine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brookline.testing.harness import PlaneHarness
    from brookline.wire.changes import Value


class World:
    """Implements `Witness`: it holds what happens against what is in the log at that moment.

    Args:
        harness: The plane.
        machines: Names of the machines.
        rules: What their guards heed.

    Attributes:
        machines: By name.
        tokens: What steps found outside, by the ids of their tasks.
        reboots: How often a machine was started anew, by name.
        resets: How often a machine lost what it knew, by name.
        jumped: Whether a wall clock was set.
        killed: Steps whose command was to be killed, by the ids of their tasks.
        resumes: How often somebody wanted an operation to go on, by its id.
        versions: What servers with other code make of a graph, by name.
    """

    def __init__(
        self, harness: PlaneHarness, machines: tuple[str, ...], rules: GuardRules | None = None
    ) -> None:
        self.harness = harness
        self.machines = {
            name: SimMachine(harness.loop, harness.random, name, witness=self, rules=rules)
            for name in machines
        }
        self.tokens: dict[str, set[str]] = defaultdict(set)
        self.codes: dict[str, int | None] = {}
        self.killed: set[str] = set()
        self.reboots: Counter[str] = Counter()
        self.resets: Counter[str] = Counter()
        self.jumped = False
        self.versions: dict[str, Callable[[Any], Any]] = {}
        self.resumes: Counter[str] = Counter()
        self._count = 0
        self._sections: dict[str, list[tuple[str, str]]] = {}
        self._begun: Counter[str] = Counter()
        self._epochs: dict[str, int] = {}
        self._orphans: set[str] = set()
        self._scripts: dict[str, Value] = {}
        self._last: dict[str, str] = {}
        self._left: dict[str, set[str]] = defaultdict(set)
        self._streams: dict[str, MemoryStreams] = {}

    def streams(self, server: str) -> MemoryStreams:
        """Return the streams in the home of a server."""
        return self._streams.setdefault(server, MemoryStreams())

    def outputs(self, step: str) -> list[tuple[str, bytes]]:
        """Return what servers have of the output of a step."""
        every = self._streams.items()
        return [(name, b"".join(streams.read(step, "stdout"))) for name, streams in every]

    def token(self) -> str:
        """Return what nobody can foresee."""
        self._count += 1
        return f"{zlib.crc32(str((self.harness.options.seed, self._count)).encode()):08x}"

    def reboot(self, machine: SimMachine) -> None:
        """Start a machine anew."""
        self.reboots[machine.name] += 1
        machine.reboot()

    def reset(self, machine: SimMachine) -> None:
        """Set a machine back."""
        self.resets[machine.name] += 1
        machine.reset()

    def lose_folder(self, machine: SimMachine) -> None:
        """Have a machine lose the guard's folder while commands run on."""
        self.resets[machine.name] += 1
        self._orphans.update(machine.lose_folder())

    # --- what machines tell --------------------------------------------------------------------

    def behaviour(self, step: str, script: str) -> Behaviour:
        """Return what a command does."""
        about = json.loads(script)
        token = self.token()
        self.tokens[_part_of(step)].add(token)
        code = 3 * (zlib.crc32(step.encode()) % 2) if about.get("flaky") else about["code"]
        stubborn = about.get("stubborn", False)
        return Behaviour(about["takes"], code, token.encode(), stubborn)

    def asked(self, machine: SimMachine, what: str, step: str, epoch: int) -> None:
        """A request came to a machine."""
        self._note(f"asks to {what}", step, on=machine.name, epoch=epoch)
        if what == "kill":
            self.killed.add(_part_of(step))
        seen = self._epochs.get(machine.folder, 0)
        if epoch < seen:
            self._wrong(f"{machine.name} did '{what}' of {step} under epoch {epoch} after {seen}")
        self._epochs[machine.folder] = max(seen, epoch)

    def began(self, machine: SimMachine, step: str, epoch: int, script: str) -> None:
        """A command began."""
        self._scripts[step] = json.loads(script)
        self._note("begins", step, on=machine.name, epoch=epoch)
        self._begins(step, self._scripts[step], most=1)

    def ended(self, machine: SimMachine, step: str, code: int | None) -> None:
        """A command ended."""
        self._note("ends", step, on=machine.name, code=code)
        self.codes[_part_of(step)] = code
        if step in self._orphans:
            return  # nobody can end it, and people were told that it may run on
        self._in_section(step)
        self._is_of_unended(step, "ends")

    # --- what servers do -----------------------------------------------------------------------

    def plays(self, task_id: str, epoch: int) -> None:
        """The code of an operation, or of a call in it, runs; that is in the log before."""
        record = self._record(task_id)
        leads = self.harness.oracle.entries[-1].epoch == epoch
        if leads and record is not None and waits(record.get("taken", {})):
            self._wrong(f"{record['name']} ({task_id}) runs, and its turn is not in the log")

    def acts(self, server: str, epoch: int, step: str, about: Value) -> str:
        """A server begins to act; returns what it finds."""
        self._scripts[step] = about
        self._note(f"acts {about['do']}", step, epoch=epoch)
        self.harness.oracle.acts(server, epoch)
        sound = self.harness.oracle.lease_is_sound
        # Somebody may have had one done again of which nobody knew whether it was done.
        most = 1 + self.resumes[about["of"][-1]] if about["do"] == "once" else None
        self._begins(step, about, most=most, sound=sound)
        token = self.token()
        self.tokens[step].add(token)
        return token

    def acted(self, step: str, about: Value) -> None:
        """It ended."""
        self._note(f"acted {about['do']}", step)

    # --- what must hold ------------------------------------------------------------------------

    @property
    def steps(self) -> int:
        """How many commands and actions began."""
        return self._begun.total()

    def script(self, step: str) -> Value:
        """Return what a step was to do."""
        return self._scripts.get(step, {})

    def _begins(self, step: str, about: Value, *, most: int | None, sound: bool = True) -> None:
        self._begun[step] += 1
        if most is not None and self._begun[step] > most:
            self._wrong(f"{self._named(step)} is done {self._begun[step]} times")
        for before in about["after"]:
            record = self._record(before)
            if record is None or not Status(record["status"]).ended:
                self._wrong(f"{self._named(step)} begins before the outcome of {before}")
        # A part takes again what the whole has.
        self._sections[step] = list(dict(reversed(about["held"])).items())
        if sound:
            self._is_of_unended(step, "begins")
            self._in_section(step)

    def _runs_on(self, step: str) -> bool:
        """Tell whether a command was given up out of reach, and is about to be ended there."""
        ending = self._record(child_id(_part_of(step), "end"))
        return ending is not None and Status(ending["status"]) is not Status.COMPLETED

    def _is_of_unended(self, step: str, what: str) -> None:
        for task_id, record in self._line(step):
            status = Status(record["status"])
            if status.ended and status is not Status.INTERRUPTED and not self._runs_on(step):
                self._wrong(f"{self._named(step)} {what} after {task_id} was {status.value}")
                return

    def _in_section(self, step: str) -> None:
        """Effects of two sections of a lock do not interleave, unless people must look at one.

        An operation that was resumed takes its locks anew; a command that had begun before is then
        one of the new section. A command that was given up out of reach holds up nobody, and is none
        of any section: sent before, it may come when the next one has begun.
        """
        interrupted = any(record["status"] == "interrupted" for _, record in self._line(step))
        if interrupted or self._runs_on(step):
            return
        turn = self.resumes[self._scripts[step]["of"][-1]]
        for what, named in self._sections[step]:
            section = f"{named}@{turn}"
            last = self._last.get(what)
            if section in self._left[what]:
                self._wrong(
                    f"{self._named(step)} is done in a section of {what} after the next began"
                )
            elif last != section:
                if last is not None:
                    self._left[what].add(last)
                self._last[what] = section

    def _line(self, step: str) -> Iterator[tuple[str, Value]]:
        """Yield the records of a step, its part and its operation, as far as there are any."""
        for task_id in (_part_of(step), *self._scripts[step]["of"]):
            record = self._record(task_id)
            if record is not None:
                yield task_id, record

    def _record(self, task_id: str) -> Value | None:
        return self.harness.oracle.records.get(TASK, task_id)

    def _named(self, step: str) -> str:
        return f"{self._scripts[step]['name']} ({step})"

    def _note(self, what: str, step: str, **more: Any) -> None:
        about = self._scripts.get(step)
        name = about["name"] if about else ""
        self.harness.transcript.note(what, step=step, name=name, **more)

    def _wrong(self, what: str) -> None:
        self.harness.oracle.wrong(what)


def _part_of(step: str) -> str:
    """Return the id of the task of a command; its second one has a number behind that."""
    return step.partition("-")[0]

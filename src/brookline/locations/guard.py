"""The guard's client: runs steps on a machine once, whichever master asks; see ``guard.sh``."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from brookline.errors import Fenced, RemoteError, Unreachable
from brookline.locations.answers import CutOff, Ended, Refused, State, age_of, ended_of, killed_of
from brookline.locations.way import SILENT_S, Way
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from brookline.locations.shells import Shell

log = logging.getLogger("brookline.locations")

GUARD = "guard"
"""Config of a machine's record: what its guard is known by."""

_MOST_ATTEMPTS = 3
_MOST_IDS = 200
_GRACE_TENTHS = 20
_KILL_S = 15.0
"""How long the end of a command may take; somebody waits who has given it up."""

REMOVED = "removed"
"""Why a step ended, or never began, whose machine was given back meanwhile."""

_STREAMS = {"out": "stdout", "err": "stderr"}
_RESET = "reset"
_GONE = "gone"

_REASONS = {
    "reset": "the machine does not know any more what was run there: the guard's folder {folder} was "
    "lost, replaced or set back",
    _GONE: "the guard's folder {folder} was lost while the command ran, so nobody learns how it ends; "
    "it may run on",
    "rebooted": "the machine was started anew, and nobody knows how far the command had come",
    "lost": "what waited for the command on the machine was killed, and nobody knows how it ended",
    "collected": "the machine runs the command no more: its outcome was cleared away long ago, or an "
    "earlier master took it for lost",
}
_CAUSES = {"rebooted": Cause.REBOOTED, "lost": Cause.LOST}


class Place(NamedTuple):
    """What a machine's guard is known by, as recorded.

    Attributes:
        folder: Absolute path of its folder on the machine.
        id: Random id of the folder; a folder with another id remembers something else.
        boot: Boot id of the machine when that was recorded.
    """

    folder: str
    id: str
    boot: str

    def to_value(self) -> dict[str, str]:
        """Return it for the config of the machine's record."""
        return self._asdict()

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Place | None:
        """Return what the config of a machine's record says, or None."""
        found = config.get(GUARD)
        return cls(found["folder"], found["id"], found["boot"]) if found else None


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is to be run.

    Attributes:
        id: The same on whichever master: letters and digits, perhaps with ``-`` and a number.
        epoch: Of the mastership; 0 if there is none, and nobody is refused.
        fresh: Whether nobody can have begun it before.
        kept: Whether it stays known after its end, until it is collected.
    """

    id: str
    epoch: int = 0
    fresh: bool = False
    kept: bool = True


class Sink(Protocol):
    """Who gets what a step writes."""

    def place(self, stream: str) -> int:
        """Return how many bytes of a stream are here already."""
        ...

    async def write(self, stream: str, content: bytes) -> None:
        """Take the next bytes of a stream."""
        ...

    def began(self, age_s: float) -> None:
        """Take note that it runs, since so many seconds."""
        ...


class Guard:
    """The guard of one machine.

    Whatever it is asked raises `Unreachable` if the machine gives no definite answer.

    Args:
        shell: The way to the machine.
        home: Absolute path of the folder on the machine that has the script, and beside it the
            folders of guards.
        folder: Path of this guard's folder.
        place: What it is known by; None if it is used for the first time.
        silent_s: Seconds without a word after which an answer is taken for cut off; while a command
            runs, a word comes every ten seconds.

    Attributes:
        machine: Name of the machine, for people.
        place: What it is known by now: after a reboot, or the loss of the folder, another than
            before.
        doubted: Ids of the operations that may have run steps in a folder that was lost since.
    """

    def __init__(
        self,
        shell: Shell,
        home: str,
        folder: str,
        place: Place | None = None,
        *,
        silent_s: float = SILENT_S,
    ) -> None:
        self.machine = shell.name
        self.place = place
        self.doubted: set[str] = set()
        self._way = Way(shell, home, silent_s)
        self._folder = folder
        self._given_back = False

    async def init(self) -> Place:
        """Make the folder if it is absent; return what the guard is known by.

        Raises:
            RemoteError: If that fails.
        """
        words = await self._way.ask("init", self._folder, new_id())
        self.place = Place(self._folder, words[1], words[2])
        return self.place

    async def run(
        self,
        step: Step,
        payload: bytes,
        sink: Sink,
        *,
        lost: Callable[[], Awaitable[None]] | None = None,
        made: Callable[[], Awaitable[None]] | None = None,
    ) -> Ended:
        """Run a step, or attach to it if it was begun before; return its end.

        Args:
            step: The step.
            payload: What it runs.
            sink: Who gets what it writes.
            lost: Called when the folder is found to be lost, before there is a new one: whoever
                knows of steps in the old one must not look for them in that.
            made: Called when there is a new one, before a step is sent to it: whoever goes on with
                the step has to look for it there.

        Raises:
            Fenced: If the machine has seen a higher epoch.
            StepInterrupted: If nobody can know whether it ran, for the machine was started anew,
                or its folder is not what it was.
            Unreachable: If nobody knows whether it runs, for the machine does not say; unless
                something was `sent`, it does not.
            RemoteError: If it was not begun.
        """
        failure: RemoteError = RemoteError(
            f"the guard's folder {self._folder} on {self.machine} is lost as soon as it is made"
        )
        place = self.place or await self._init_for(step)
        for _ in range(_MOST_ATTEMPTS):
            try:
                return await self._run_once(place, step, payload, sink=sink)
            except Refused as refusal:
                word = refusal.words[0]
                if word == "killed" or (word == REMOVED and not self._may_make_anew(step)):
                    return Ended(None, word)
                if word not in (_RESET, REMOVED) or not step.fresh:
                    raise self._error_of(refusal, step) from refusal
                place = await self._anew(place, step, lost)
                if made is not None:
                    await made()
            except Unreachable as error:
                error.sent = error.sent or not step.fresh
                failure, step = error, replace(step, fresh=step.fresh and not error.sent)
                if not (step.kept and _at_once_again(error)):
                    break  # what is not kept would be run twice
            except RemoteError as error:
                if step.fresh:
                    raise
                raise self.in_doubt(error) from error
        raise failure

    def _may_make_anew(self, step: Step) -> bool:
        """Tell whether a folder that was removed may be made again for a step.

        It may if the machine is still in use: its release was cancelled, or its master died.
        """
        return step.fresh and not self._given_back

    async def _anew(
        self, place: Place, step: Step, lost: Callable[[], Awaitable[None]] | None
    ) -> Place:
        """Have a lost folder made anew, for a step that nobody can have begun in the old one.

        Whoever has the old id is refused from now on.
        """
        if self.place is not None and self.place.id != place.id:
            return self.place  # somebody else has found that, and had it made
        log.warning("guard folder lost", extra={"fields": {"folder": self._folder}})
        if lost is not None:
            await lost()
        return await self._init_for(step)

    async def _init_for(self, step: Step) -> Place:
        """Make the folder if it is absent, before a step is sent."""
        try:
            return await self.init()
        except Unreachable as error:
            error.sent = not step.fresh
            raise

    async def kill(self, step: Step, why: str) -> Ended | None:
        """End a step with all that it started; one that was not begun never will be.

        Args:
            step: The step.
            why: A word that is told to whoever runs it again.

        Returns:
            How it ended; None if it had not begun, or nothing but a mark is kept of it.

        Raises:
            Fenced: If the machine has seen a higher epoch.
            Unreachable: If nobody knows whether it runs on.
        """
        for _ in range(_MOST_ATTEMPTS - 1):
            try:
                return await self._killed(step, why)
            except Unreachable as error:
                # Asked again, for else it runs on, or begins when it comes there at last.
                if not _at_once_again(error):
                    raise
        return await self._killed(step, why)

    async def _killed(self, step: Step, why: str) -> Ended | None:
        try:
            return await self._kill_once(step, why)
        except Unreachable:
            raise
        except RemoteError as error:
            raise self.in_doubt(error) from error

    async def _kill_once(self, step: Step, why: str) -> Ended | None:
        place = self.place or await self.init()
        words = (*place[:2], str(step.epoch), step.id, why, str(_GRACE_TENTHS))
        try:
            return killed_of(await self._way.ask("kill", *words, silent_s=_KILL_S))
        except Refused as refusal:
            if refusal.words[0] in ("killed", "collected", _RESET, _GONE, REMOVED):
                return None
            raise self._error_of(refusal, step) from refusal

    async def status(self, step_id: str) -> State:
        """Tell what is known of a step.

        Raises:
            RemoteError: If the machine does not answer.
        """
        place = self.place or await self.init()
        try:
            async with self._way.open("status", *place[:2], step_id) as answer:
                _, state, out, err = await answer.words()
                words = await answer.words()
        except Refused as refusal:
            return State(refusal.words[0])
        ended = ended_of(words) if state == "over" else None
        sizes = {"stdout": int(out), "stderr": int(err)}
        return State(state, age_of(words[3], words[5]), sizes, ended)

    async def output(self, step_id: str, stream: str, offset: int = 0) -> AsyncIterator[bytes]:
        """Yield what a step has written to ``stdout`` or ``stderr`` so far, from a place on.

        Nothing comes of a step that is not known any more.

        Raises:
            RemoteError: If the machine does not answer.
        """
        place = self.place or await self.init()
        for last in (False, False, True):
            try:
                async for content in self._output(place, step_id, stream, offset=offset):
                    offset += len(content)
                    yield content
            except Unreachable as error:
                if last or not _at_once_again(error):
                    raise
            else:
                return

    async def _output(
        self, place: Place, step_id: str, stream: str, *, offset: int
    ) -> AsyncIterator[bytes]:
        with contextlib.suppress(Refused):
            async with self._way.open("output", *place[:2], step_id, stream, str(offset)) as answer:
                while (words := await answer.words())[0] != "ok":
                    async for content in answer.content(int(words[1])):
                        yield content

    async def collect(self, step_ids: Sequence[str], epoch: int = 0) -> None:
        """Forget steps of an operation that has ended: what they wrote, not that they were.

        Raises:
            Fenced: If the machine has seen a higher epoch.
            RemoteError: If the machine does not answer.
        """
        place = self.place or await self.init()
        for first in range(0, len(step_ids), _MOST_IDS):
            some = step_ids[first : first + _MOST_IDS]
            try:
                await self._way.ask("collect", *place[:2], str(epoch), *some)
            except Refused as refusal:
                if refusal.words[0] not in (_RESET, REMOVED):
                    raise self._error_of(refusal, Step(some[0], epoch)) from refusal

    async def remove(self) -> None:
        """Delete the folder, for the machine is given back: what runs there is ended.

        Whoever waits for that is told that it was `REMOVED`, and so is whoever comes late.

        Raises:
            RemoteError: If the machine does not answer.
        """
        place = self.place or await self.init()
        self._given_back = True
        try:
            await self._way.ask("remove", *place[:2])
        except Refused:
            pass
        except BaseException:
            self._given_back = False
            raise

    async def _run_once(self, place: Place, step: Step, payload: bytes, *, sink: Sink) -> Ended:
        known = "fresh" if step.fresh else "known"
        kept = "keep" if step.kept else "drop"
        places = (str(sink.place("stdout")), str(sink.place("stderr")))
        arguments = (*place[:2], str(step.epoch), step.id, place.boot, known, *places)
        size = str(len(payload))
        async with self._way.open("run", *arguments, size, kept, stdin=payload) as answer:
            while (words := await answer.words())[0] != "end":
                if words[0] == "began":
                    self.place = place._replace(boot=words[4])
                    sink.began(age_of(words[2], words[3]) or 0.0)
                elif words[0] in _STREAMS:
                    async for content in answer.content(int(words[1])):
                        await sink.write(_STREAMS[words[0]], content)
            return ended_of(words)

    def interruption(self, word: str = _RESET) -> StepInterrupted:
        """Return how a step ends of which nobody can know whether it ran."""
        return StepInterrupted(
            _CAUSES.get(word, Cause.RESET), _REASONS[word].format(folder=self._folder)
        )

    def in_doubt(self, error: RemoteError) -> Unreachable:
        """Return what a failure of the guard means for a step that may run there already."""
        return Unreachable(self.machine, error.message, answers=True, details=error.details)

    def _error_of(self, refusal: Refused, step: Step) -> BaseException:
        word = refusal.words[0]
        if word == "epoch":
            seen = refusal.words[1]
            return Fenced(f"the machine has seen the mastership {seen}", step.epoch)
        if word in _REASONS:
            return self.interruption(word)
        return RemoteError(f"the guard refuses: {refusal}")


def _at_once_again(error: Unreachable) -> bool:
    """Tell whether it was cut off in an answer, which the next one may not be."""
    return type(error.__cause__) is CutOff

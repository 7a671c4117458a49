"""A machine of a simulation: it answers as ``guard.sh`` does, and its network loses what networks lose.

What runs there goes on whoever dies elsewhere. A command that was sent may come minutes later, when
the master that sent it is long deposed; an answer may break off at any moment; the machine may be
started anew, or be set back to a state in which it knows nothing; or lose the guard's folder alone.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple, Protocol

from brookline.testing.sim_link import Link, MachineOdds
from brookline.testing.sim_session import SimSession

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brookline.testing.loop import SimLoop
    from brookline.values.ids import Randomness

_CUT_OFF = 255
_TERM_S = 0.05
_TICK_S = 4.0
_TERMINATED, _KILLED = 143, 137


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """What a guard heeds; all on in the product. Switched off, a simulation finds out."""

    refuse_lower_epochs: bool = True
    """Who acts under a lower epoch than the highest that was seen does nothing."""

    keep_claims: bool = True
    """A step that was begun is attached to, and never begun again."""

    keep_marks: bool = True
    """A step that was killed before it came, or was cleared away, is not begun."""

    know_folder: bool = True
    """Whoever means another folder than this one, for it was lost, is refused."""

    know_boot: bool = True
    """A command that a reboot ended is not begun again."""

    tell_gone: bool = True
    """Who follows a command whose folder is lost is told that it had begun."""


class Behaviour(NamedTuple):
    """What a command does.

    Attributes:
        takes_s: How long it runs.
        code: With what it ends.
        says: What it writes, half of it at once, half at its end.
        stubborn: Whether it ignores SIGTERM.
    """

    takes_s: float = 1.0
    code: int = 0
    says: bytes = b""
    stubborn: bool = False


class Witness(Protocol):
    """Sees what truly happens on a machine."""

    def behaviour(self, step: str, script: str) -> Behaviour:
        """Return what a command does."""
        ...

    def asked(self, machine: SimMachine, what: str, step: str, epoch: int) -> None:
        """A request came; `what` is a command of the guard."""
        ...

    def began(self, machine: SimMachine, step: str, epoch: int, script: str) -> None:
        """A command began."""
        ...

    def ended(self, machine: SimMachine, step: str, code: int | None) -> None:
        """A command ended; without a code if nobody will ever know how."""
        ...


@dataclasses.dataclass(slots=True, eq=False)
class _Step:
    does: Behaviour
    boot: str
    since_s: float
    out: bytearray = dataclasses.field(default_factory=bytearray)
    code: int | None = None
    why: str = "-"
    until_s: float | None = None
    followers: list[_Follower] = dataclasses.field(default_factory=list)
    killers: list[SimSession] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True, eq=False)
class _Follower:
    session: SimSession
    place: int


class Refusal(Exception):
    """What was asked is not done."""


class SimMachine:
    """A machine with a guard.

    Args:
        loop: Time.
        randomness: Decides what goes wrong.
        name: For people.
        witness: Sees what happens.
        rules: What its guard heeds.

    Attributes:
        odds: What goes wrong on the way.
        link: How the way to it is; see `cut`.
        folder: Id of the guard's folder.
        boot: Id of its boot.
    """

    def __init__(
        self,
        loop: SimLoop,
        randomness: Randomness,
        name: str,
        *,
        witness: Witness,
        rules: GuardRules | None = None,
    ) -> None:
        self.name = name
        self.odds = MachineOdds()
        self.link = Link.UP
        self.folder = f"{name}-f1"
        self.boot = f"{name}-boot1"
        self._loop = loop
        self._randomness = randomness
        self._witness = witness
        self._rules = rules or GuardRules()
        self._steps: dict[str, _Step] = {}
        self._marks: dict[str, str] = {}
        self._epoch = 0
        self._boots = self._folders = 1
        self._sessions: list[SimSession] = []

    # What befalls it.

    def reboot(self) -> None:
        """Start anew: what runs ends, and nobody will know how far it had come."""
        self._boots += 1
        self._crash()
        self.boot = f"{self.name}-boot{self._boots}"

    def reset(self) -> None:
        """Lose the guard's folder, and all that runs."""
        self._crash()
        self._new_folder()

    def lose_folder(self) -> list[str]:
        """Lose the guard's folder; return the commands that run on, of whose end nobody hears."""
        word = "gone" if self._rules.tell_gone else "reset"
        for step in self._steps.values():
            for session in (*(one.session for one in step.followers), *step.killers):
                session.say(f"refused {word}\n")
                session.end(3)
            step.followers, step.killers = [], []
        orphans = [name for name, step in self._steps.items() if self._runs(step)]
        self._new_folder()
        return orphans

    def _new_folder(self) -> None:
        self._folders += 1
        self.folder = f"{self.name}-f{self._folders}"
        self._steps, self._marks, self._epoch = {}, {}, 0

    def cut(self, link: Link) -> None:
        """Have the way to it be so from now on."""
        self.link = link
        for session in self._sessions:
            if link is Link.DOWN:
                session.end(_CUT_OFF)
            elif link is not Link.UP:
                session.lose()

    def _crash(self) -> None:
        for name, step in self._steps.items():
            if self._runs(step):
                self._witness.ended(self, name, None)
                step.boot = ""
        for session in self._sessions:
            session.end(_CUT_OFF)
        self._sessions.clear()

    # The way to it.

    def connect(self, arguments: Sequence[str], stdin: bytes) -> SimSession:
        """Send a request; it comes even if nobody waits for the answer any more."""
        odds, random = self.odds, self._randomness.random
        session = SimSession(lambda: odds.travel_s * random(), self._loop.call_truly_later)
        travels_s = odds.travel_s * random()
        if random() < odds.late:
            travels_s += odds.late_s * random()
        if random() < odds.lost:
            self._later(travels_s, lambda: session.end(_CUT_OFF))
            return session
        cut_s = odds.cut_s * random() if random() < odds.cut else None
        self._later(travels_s, lambda: self._serve(session, arguments, stdin, cut_s=cut_s))
        return session

    def _serve(
        self, session: SimSession, arguments: Sequence[str], stdin: bytes, *, cut_s: float | None
    ) -> None:
        if self.link is Link.DOWN:
            session.end(_CUT_OFF)
            return
        if self.link is Link.SILENT:
            return
        self._sessions = [one for one in self._sessions if not one.over]
        self._sessions.append(session)
        if self.link is Link.DEAF:
            session.lose()
        if cut_s is not None:
            self._later(cut_s, lambda: session.end(_CUT_OFF))
        command, *words = arguments
        serve: Callable[[SimSession, list[str], bytes], None]
        serve = getattr(self, f"_serve_{command}")
        try:
            serve(session, words, stdin)
        except Refusal as why:
            session.say(f"refused {why}\n")
            session.end(3)

    def _later(self, delay_s: float, work: Callable[[], None]) -> None:
        self._loop.call_truly_later(delay_s, work)

    # What the guard does.

    def _serve_init(self, session: SimSession, words: list[str], stdin: bytes) -> None:  # noqa: ARG002
        session.say(f"guard {self.folder} {self.boot}\nok\n")
        session.end(0)

    def _serve_run(self, session: SimSession, words: list[str], stdin: bytes) -> None:
        _, folder, epoch, name, boot, fresh, place, *_ = words
        self._check(folder, "run", name, int(epoch))
        step, known = self._steps.get(name), "known"
        heeds_boot = self._rules.know_boot
        if step is None and heeds_boot and boot != self.boot and fresh != "fresh":
            raise Refusal("rebooted")
        if step is not None and self._state(step) == "rebooted":
            if heeds_boot:
                raise Refusal("rebooted")
            step = None
        if step is None or not self._rules.keep_claims:
            step, known = self._begin(name, int(epoch), stdin), "new"
        now = self._loop.true_time()
        session.say(f"began {known} {step.since_s} {now} {self.boot}\n")
        step.followers.append(_Follower(session, int(place)))
        self._tell(step)
        self._tick(session)

    def _tick(self, session: SimSession) -> None:
        """Say now and then that it is still there."""
        if not session.over:
            session.say("tick\n")
            self._later(_TICK_S, lambda: self._tick(session))

    def _serve_kill(self, session: SimSession, words: list[str], stdin: bytes) -> None:  # noqa: ARG002
        _, folder, epoch, name, why, grace = words
        self._check(folder, "kill", name, int(epoch))
        step = self._steps.get(name)
        if step is None:
            self._marks[name] = "killed"
            session.say(f"end - {why} - - -\n")
            session.end(0)
            return
        step.killers.append(session)
        if self._runs(step):
            step.why = why if step.why == "-" else step.why
            stubborn = step.does.stubborn
            code, after_s = (_KILLED, int(grace) / 10) if stubborn else (_TERMINATED, _TERM_S)
            self._later(after_s, lambda: self._end(name, step, code))
        self._tell(step)

    def _serve_status(self, session: SimSession, words: list[str], stdin: bytes) -> None:  # noqa: ARG002
        _, folder, name = words
        self._check_folder(folder)
        step = self._steps.get(name)
        if name in self._marks or step is None:
            raise Refusal(self._marks.get(name, "absent"))
        session.say(f"state {self._state(step)} {len(step.out)} 0\n", self._end_line(step))
        session.end(0)

    def _serve_output(self, session: SimSession, words: list[str], stdin: bytes) -> None:  # noqa: ARG002
        _, folder, name, stream, offset = words
        self._check_folder(folder)
        step = self._steps.get(name)
        if step is None:
            raise Refusal("absent")
        content = bytes(step.out[int(offset) :]) if stream == "stdout" else b""
        if content:
            session.say(f"out {len(content)}\n", content)
        session.say("ok\n")
        session.end(0)

    def _serve_collect(self, session: SimSession, words: list[str], stdin: bytes) -> None:  # noqa: ARG002
        _, folder, epoch, *names = words
        self._check_folder(folder)
        self._check_epoch(int(epoch))
        more = [one for one in self._steps if one.partition("-")[0] in names]
        for name in dict.fromkeys([*names, *more]):
            step = self._steps.get(name)
            if step is None or not self._runs(step):
                self._marks.setdefault(name, "collected")
                self._steps.pop(name, None)
        session.say("ok\n")
        session.end(0)

    def _check(self, folder: str, what: str, name: str, epoch: int) -> None:
        self._check_folder(folder)
        self._check_epoch(epoch)
        self._witness.asked(self, what, name, epoch)
        if self._rules.keep_marks and name in self._marks:
            raise Refusal(self._marks[name])

    def _check_folder(self, folder: str) -> None:
        if self._rules.know_folder and folder != self.folder:
            raise Refusal("reset")

    def _check_epoch(self, epoch: int) -> None:
        if self._rules.refuse_lower_epochs and 0 < epoch < self._epoch:
            raise Refusal(f"epoch {self._epoch}")
        self._epoch = max(self._epoch, epoch)

    # Steps.

    def _begin(self, name: str, epoch: int, stdin: bytes) -> _Step:
        script = stdin.partition(b"go 0\n")[2].decode().strip()
        self._witness.began(self, name, epoch, script)
        does = self._witness.behaviour(name, script)
        step = _Step(does, self.boot, self._loop.true_time())
        step.out += does.says[: len(does.says) // 2]
        self._steps[name] = step
        self._later(does.takes_s, lambda: self._end(name, step, does.code))
        return step

    def _end(self, name: str, step: _Step, code: int) -> None:
        if not self._runs(step):
            return
        step.code, step.until_s = code, self._loop.true_time()
        if code not in (_TERMINATED, _KILLED):
            step.out += step.does.says[len(step.does.says) // 2 :]
        self._witness.ended(self, name, code)
        self._tell(step)

    def _state(self, step: _Step) -> str:
        if step.until_s is not None:
            return "over"
        return "running" if step.boot == self.boot else "rebooted"

    def _runs(self, step: _Step) -> bool:
        return self._state(step) == "running"

    def _tell(self, step: _Step) -> None:
        """Tell those who follow a step what is new of it."""
        over, end = not self._runs(step), self._end_line(step)
        for one in step.followers:
            if content := bytes(step.out[one.place :]):
                one.session.say(f"out {len(content)}\n", content)
                one.place = len(step.out)
        if over:
            for session in (*(one.session for one in step.followers), *step.killers):
                session.say(end)
                session.end(0)
            step.followers, step.killers = [], []

    def _end_line(self, step: _Step) -> str:
        code, until, now = _word(step.code), _word(step.until_s), self._loop.true_time()
        return f"end {code} {step.why} {step.since_s} {until} {now} {len(step.out)} 0\n"


def _word(number: float | None) -> str:
    return "-" if number is None else f"{number:g}"

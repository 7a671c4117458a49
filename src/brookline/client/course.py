"""The course of a request: whom to ask, when to ask another, when to give up.

Pure decisions: a generator yields steps (`Send`, `Pause`) and is sent the result of each; a driver
such as `brookline.client.client.Client` does the I/O.

What may be repeated:

    ====================================  =======  ================================
    what happened                         a read   a write
    ====================================  =======  ================================
    nothing was sent (refused, no route)  repeat   repeat
    503 with outcome ``not-done``, 421    repeat   repeat
    403, 307 of a node that is no master  repeat   repeat on another node, or once one leads
    sent, but not answered                repeat   repeat if its key is remembered
    503 without that outcome, 502, 504    repeat   repeat if its key is remembered
    ====================================  =======  ================================

All repetitions of a write have its key. Servers of ours remember it, but for writes about the nodes
themselves, and answer a second time what they answered the first time. Those of others do not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeVar

from brookline.client.exchange import (
    Answer,
    Cause,
    Lost,
    NotSent,
    Pause,
    Request,
    Result,
    Send,
    Step,
)
from brookline.client.states import PlaneStates
from brookline.errors import Outcome, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brookline.client.nodes import Nodes

T = TypeVar("T")


Steps = Generator[Step, Result | None, T]

STATES = Request("GET", "/v1/server/ha/states")

OURS = "brookline-node"
"""Header of every answer of our servers."""

PROBE_S = 1.0
"""How long a node may take to say who is in the plane, in the first round: one that is frozen must
not hold us up. Doubles with each round, up to `READ_S`, for a lone node that is busy."""

READ_S = 5.0
"""How long a node may take for a read in the first round; doubles with each too, up to `WRITE_S`."""

WRITE_S = 60.0
"""How long a node may take for a write: one that holds it may well answer yet."""

_DOUBLINGS = 4
"""After which a node is given no more time: who waits patiently goes through rounds without end."""

ROUND_S = 0.2
"""Pause between two rounds through all nodes, unless a node says how long to wait."""


@dataclasses.dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on trying.

    Attributes:
        budget_s: In all, while nodes answer that they cannot do it now, or do not answer.
        absent_s: While no server is at any address; zero gives up after one round.
    """

    budget_s: float = 20.0
    absent_s: float = 0.0


@dataclasses.dataclass(slots=True)
class _Round:
    """What came of asking all nodes once.

    Attributes:
        refusal: The last answer that said *not here* or *not now*.
        failures: For each address that did not answer, why.
        waits_s: How long each node that cannot do it now asked us to wait.
        answered: Whether any node said anything.
        denied: Whether a 403 may be about this user, and not about a node that does not lead.
    """

    refusal: Answer | None = None
    failures: dict[str, NotSent | Lost] = dataclasses.field(default_factory=dict)
    waits_s: list[float] = dataclasses.field(default_factory=list)
    answered: bool = False
    denied: bool = False

    @property
    def wait_s(self) -> float:
        """How long to wait before the next round."""
        return max(ROUND_S, min(self.waits_s, default=0.0))

    @property
    def why(self) -> str:
        """What is in the way, in words."""
        if self.refusal is not None:
            return _said(self.refusal)
        return "; ".join(f"{url}: {failure.reason}" for url, failure in self.failures.items())

    @property
    def hopeless(self) -> bool:
        """Whether no server of the plane is at any address, so that asking again would not help."""
        return not self.answered and all(each.cause.lasting for each in self.failures.values())


class Course:
    """Brings one request to an answer."""

    def __init__(
        self, request: Request, nodes: Nodes, *, now: Callable[[], float], patience: Patience
    ) -> None:
        self._request = request
        self._nodes = nodes
        self._now = now
        self._patience = patience
        self._round = _Round()
        self._doubt: Unavailable | None = None
        self._since = 0.0

    def steps(self) -> Steps[Answer]:
        """Yield what to do next; be sent the result of each `Send`.

        Returns:
            The answer of whichever node took the request, whatever its status.

        Raises:
            Unavailable: With outcome ``unknown`` if a write was sent and not answered, and could not
                be repeated; ``not-done`` if no node could be reached.
        """
        self._since = self._now()
        number = 0
        while True:
            self._round = _Round()
            answer = None
            growth = 2 ** min(number, _DOUBLINGS)
            if (yield from self._refresh(min(PROBE_S * growth, READ_S))):
                read_s = min(READ_S * growth, WRITE_S)
                answer = yield from self._ask_all(read_s if self._request.reads else WRITE_S)
            if answer is not None:
                return answer
            if self._now() + self._round.wait_s - self._since >= self._budget_s():
                return self._give_up()
            yield Pause(self._round.wait_s, self._round.why)
            self._nodes.doubt()
            number += 1

    def _budget_s(self) -> float:
        refusal = self._round.refusal
        if refusal is not None and refusal.status == 403 and self._is_denied():
            return 0.0
        if self._doubt is not None:
            return self._patience.budget_s  # it may have been done: somebody will come who knows
        return self._patience.absent_s if self._round.hopeless else self._patience.budget_s

    def _is_denied(self) -> bool:
        """Tell whether a 403 is about this user: asking again later would not help.

        It is not while somebody who may be the master does not answer: others refuse what only it, or
        who follows it, may do.
        """
        return self._round.denied and not self._nodes.leaderless and not self._round.failures

    def _refresh(self, timeout_s: float) -> Steps[bool]:
        """Ask any node who is in the plane, if that is not known; tell whether any answered."""
        nodes = self._nodes
        if self._request.at or not nodes.is_stale(self._now()):
            return True
        reached = False
        for url in nodes.order(self._now()):
            result = yield Send(url, STATES, timeout_s)
            if not isinstance(result, Answer):
                self._failed(url, result)
                continue
            nodes.trust(url)
            reached = True
            states = _states(result)
            if states is not None:
                nodes.remembers = OURS in result.headers
                nodes.learn(url, states, self._now())
            if states is not None or result.status == 401:
                break
        return reached

    def _ask_all(self, timeout_s: float) -> Steps[Answer | None]:
        """Ask one node after the other until one takes the request; None if none does."""
        request, nodes = self._request, self._nodes
        waiting = [request.at] if request.at else nodes.order(self._now())
        asked: set[str] = set()
        while waiting:
            url = waiting.pop(0)
            asked.add(url)
            result = yield Send(url, request, request.timeout_s or timeout_s)
            answer = self._judge(url, result)
            if answer is not None:
                return answer
            if nodes.master and nodes.master not in asked and not request.at:
                waiting = [nodes.master, *(each for each in waiting if each != nodes.master)]
        return None

    def _judge(self, url: str, result: Result | None) -> Answer | None:
        """Return the answer that ends the course, or None if another node may be asked."""
        if not isinstance(result, Answer):
            self._failed(url, result)
            if isinstance(result, Lost) and not self._request.reads:
                self._note_doubt(_unknown(self._request, url, result.reason))
            return None
        self._nodes.trust(url)
        self._round.answered = True
        if not self._is_refusal(url, result):
            return result
        kept = self._round.refusal
        if kept is None or kept.status == 403:  # "not now" tells more than "not here"
            self._round.refusal = result
        return None

    @property
    def _may_repeat(self) -> bool:
        """Whether it may be sent again although it may have been done."""
        request = self._request
        return request.reads or (request.recorded and self._nodes.remembers)

    def _note_doubt(self, failure: Unavailable) -> None:
        """Go on although it may have been done; what is to follow has a time of its own.

        Raises:
            Unavailable: If it cannot be repeated.
        """
        if not self._may_repeat:
            raise failure
        if self._doubt is None:
            self._doubt, self._since = failure, self._now()

    def _failed(self, url: str, result: Result | None) -> None:
        assert isinstance(result, NotSent | Lost), "a driver answers each Send"
        self._nodes.blame(url, self._now())
        self._round.failures[url] = result

    def _is_refusal(self, url: str, answer: Answer) -> bool:
        """Tell whether the node certainly has not done it and another, or a later try, may."""
        match answer.status:
            case 503 if self._request.reads or outcome_of(answer) is Outcome.NOT_DONE:
                self._round.waits_s.append(_retry_after_s(answer))
                return True
            case 502 | 503 | 504 if self._may_repeat:
                if not self._request.reads:
                    self._note_doubt(_unknown(self._request, url, _said(answer)))
                self._round.waits_s.append(_retry_after_s(answer))
                return True
            case 307 | 308:
                return self._nodes.follow(url, answer.headers.get("location", ""))
            case 403 if _is_of_state(answer):  # also of one that led when the list was made
                return not self._request.at
            case 403:  # of a node that does not lead, as AMP's, or of this user
                self._round.denied = True
                return not self._request.at and url != self._nodes.master
            case status:
                return status == 421

    def _give_up(self) -> Answer:
        """Return the last refusal, which tells why.

        Raises:
            Unavailable: If no node answered at all, or it may have been done before.
        """
        if self._doubt is not None:
            raise self._doubt
        if self._round.refusal is not None:
            return self._round.refusal
        raise _unanswered(self._round.failures)


def _states(answer: Answer) -> PlaneStates | None:
    """Return the plane's states, or None from a node that does not tell them."""
    if answer.status not in (200, 204):
        return None
    try:
        return PlaneStates.from_json(answer.json())
    except (ValueError, TypeError, AttributeError):
        return None


def _unanswered(failures: Mapping[str, NotSent | Lost]) -> Unavailable:
    """Return the error of a request that no node took, with the cause that tells most."""
    lines = [f"{url}: {failure.reason}" for url, failure in failures.items()]
    if len(lines) == 1:
        failure = Unavailable(f"no answer from {lines[0]}", Outcome.NOT_DONE)
    else:
        message = f"none of the {len(lines)} known nodes answers"
        failure = Unavailable(message, Outcome.NOT_DONE, details="\n".join(lines))
    telling = (Cause.UNTRUSTED, Cause.NOT_TLS, Cause.SILENT, Cause.HUNG_UP, Cause.ABSENT)
    failure.data["cause"] = min((each.cause for each in failures.values()), key=telling.index).value
    return failure


def _unknown(request: Request, url: str, reason: str) -> Unavailable:
    failure = Unavailable(
        f"{request.method} {request.path} was sent to {url} and not answered ({reason}): "
        "it may have been done, or not",
        Outcome.UNKNOWN,
    )
    failure.data["request"] = request.key
    return failure


def outcome_of(answer: Answer) -> Outcome:
    """Return what an answer says became of the request; silence is not knowing."""
    try:
        body: Any = answer.json()
        return Outcome(body["data"]["outcome"])
    except (ValueError, TypeError, KeyError):
        return Outcome.UNKNOWN


def _is_of_state(answer: Answer) -> bool:
    """Tell whether a node says that it refuses because of its state, as ours do."""
    try:
        return bool(answer.json()["data"]["state"])
    except (ValueError, TypeError, KeyError):
        return False


def _said(answer: Answer) -> str:
    try:
        return f"{answer.url}: {answer.json()['message']}"
    except (ValueError, TypeError, KeyError):
        return f"{answer.url} answers {answer.status}"


def _retry_after_s(answer: Answer) -> float:
    try:
        return min(float(answer.headers.get("retry-after", "0")), 10.0)
    except ValueError:  # a date: nothing of ours sends one
        return 0.0

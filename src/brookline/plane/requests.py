"""Requests that are remembered: one that is sent again is answered, and not done again. Pure.

Each has a record, which is committed together with what the request changes:

    {"status": 204, …}     its answer, as its carrier keeps it
    {"task": "…", …}       its answer follows from that task

Ids are per user. Those that clients give live for a day, and have a `hash` of the request; those
that doors make live for minutes, since only that door can repeat them. Lives are counted by whoever
leads, on its own clock, from when it first saw the record; nobody's wall clock matters. One that is
dropped is as new.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from brookline.errors import KeyReused
from brookline.journal.queue import Decision
from brookline.wire.changes import Put

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.journal.records import View
    from brookline.plane.peers import Request
    from brookline.wire.changes import Value

    Decide = Callable[[View], Decision]
    Tell = Callable[[Any], Value]

KIND = "request"
"""Kind of the records."""

_SLOT_S = 10
"""Ends of lives are told apart so far only; nothing is forgotten before its end."""


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """The answer of a decision that was not made, because the request is remembered.

    Attributes:
        record: What is known of it.
    """

    record: Value


def record_id(request: Request) -> str:
    """Return the id of a request's record: no user can name another's, no client that of a door."""
    user = request.user
    if "/" in user or "%" in user:
        user = user.replace("%", "%25").replace("/", "%2F")
    return f"{user}/={request.id}" if request.from_client else f"{user}/{request.id}"


def is_given(own: str) -> bool:
    """Tell of the id of a record whether it was given by a client."""
    return own.startswith("=", own.index("/") + 1)


def digest_of(request: Request) -> str:
    """Return by what a request is told from another of the same id."""
    media = ""
    for name, value in request.headers:
        if name == "content-type":
            media = value
    head = f"{request.method} {request.path}\n{media}\n".encode()
    return hashlib.blake2b(head + request.body, digest_size=12).hexdigest()


def find(view: View, request: Request) -> Value | None:
    """Return what is known of a request; None if it is new, or was forgotten.

    Raises:
        KeyReused: If its id is that of another request.
    """
    record = view.get(KIND, record_id(request))
    if record is not None and request.from_client and record["hash"] != digest_of(request):
        raise KeyReused(
            f"the Idempotency-Key '{request.id}' was used for another request; nothing was done."
            " Use a new one for each request, and the same one only to repeat it"
        )
    return record


def once(request: Request, decide: Decide, tell: Tell) -> Decide:
    """Return a decision that is made once for a request, and remembered with what it changes.

    Args:
        request: Which.
        decide: Decides what it changes.
        tell: Returns what is kept of the answer, called with that of `decide`.

    Returns:
        A decision whose answer is `Known` if the request is remembered already. It raises
        `KeyReused` besides what `decide` does.
    """

    def decided(view: View) -> Decision:
        own = record_id(request)
        if view.get(KIND, own) is not None:
            return Decision((), Known(find(view, request) or {}))
        changes, answer = decide(view)
        kept = tell(answer)
        if request.from_client:
            kept = {"hash": digest_of(request), **kept}
        return Decision((*changes, Put(KIND, own, kept)), answer)

    return decided


class Aged(NamedTuple):
    """A record that is to be forgotten.

    Attributes:
        id: Of the record.
        surplus: Whether it is one of too many; else its time is over.
    """

    id: str
    surplus: bool


@dataclasses.dataclass(slots=True)
class _Ages:
    """Of one user: ids by the end of their lives, in slots."""

    count: int = 0
    slots: dict[int, list[str]] = dataclasses.field(default_factory=dict)


class Ages:
    """Finds what is to be forgotten without looking at all that is remembered.

    Args:
        most: How many of one user are remembered.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._users: dict[str, _Ages] = {}

    def __len__(self) -> int:
        return sum(ages.count for ages in self._users.values())

    def add(self, end_s: float, *ids: str) -> None:
        """Take note of records.

        Args:
            end_s: When they are to be forgotten, on the same clock as `take`'s.
            *ids: Theirs, the oldest first.
        """
        slot = int(end_s) // _SLOT_S
        for own in ids:
            user = own.partition("/")[0]
            ages = self._users.get(user)
            if ages is None:
                ages = self._users[user] = _Ages()
            ages.count += 1
            waiting = ages.slots.get(slot)
            if waiting is None:
                waiting = ages.slots[slot] = []
            waiting.append(own)

    def take(self, now_s: float, at_most: int) -> list[Aged]:
        """Return those whose time is over, and the oldest of users who have too many.

        They are not noted any more.

        Args:
            now_s: The time.
            at_most: How many.
        """
        taken: list[Aged] = []
        for user in list(self._users):
            ages = self._users[user]
            _take(ages, taken, over=int(now_s) // _SLOT_S, most=self._most, at_most=at_most)
            if not ages.count:
                del self._users[user]
        return taken


def _take(ages: _Ages, taken: list[Aged], *, over: int, most: int, at_most: int) -> None:
    """Move ids of one user to `taken`, those with the nearest end first."""
    for slot in sorted(ages.slots):
        waiting = ages.slots[slot]
        wanted = len(waiting) if slot < over else ages.count - most
        number = min(wanted, len(waiting), at_most - len(taken))
        if number <= 0:
            return
        taken += [Aged(own, slot >= over) for own in waiting[:number]]
        ages.count -= number
        if number == len(waiting):
            del ages.slots[slot]
        else:
            del waiting[:number]

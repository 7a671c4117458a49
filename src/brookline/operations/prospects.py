"""Prospects: what resuming, replaying or abandoning an operation would do, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brookline.operations.interruption import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brookline.operations.resolving import Interrupted

_MOST_NAMED = 8

_AS_BEFORE = "as its code is now, it will be interrupted again; it goes on if the {} is back"
_WARNINGS = {
    Cause.CHANGED.value: _AS_BEFORE.format("code, blueprint or configuration of before"),
    Cause.GONE.value: _AS_BEFORE.format("type that it needs"),
    Cause.RESTORED.value: "it may have gone on, or ended, after the backup was made: look first",
    Cause.SUSPECT.value: "two masters in a row died soon after they had begun with it: this one may too",
}


@dataclass(frozen=True, slots=True)
class Prospect:
    """What one choice would do.

    Attributes:
        possible: Whether it can be chosen.
        texts: Sentences: what it will do, in this order; or why it cannot be chosen.
    """

    possible: bool
    texts: tuple[str, ...]


def prospects(found: Interrupted, *, may_run: Iterable[str] = ()) -> dict[str, Prospect]:
    """Return what each choice would do: ``resume``, ``replay`` and ``abandon``.

    Args:
        found: The operation.
        may_run: Ids of its steps whose commands may still run on a machine.
    """
    running = _named(found, may_run)
    end = f"ends on its machine, with all that it started: the command of {running}"
    ends = (end,) if running else ()
    none = Prospect(possible=False, texts=("it is not recorded what it is made of",))
    return {
        "resume": _resume(found) if found.has_work else none,
        "replay": _replay(found, ends) if found.has_work else none,
        "abandon": _abandon(found, ends),
    }


def _resume(found: Interrupted) -> Prospect:
    doubtful = found.doubtful
    texts = [f"goes on as the same task {found.id}, where it stopped"]
    if found.finished:
        texts.append(f"keeps the outcomes of its finished steps: {_named(found, found.finished)}")
    if doubtful:
        texts.append(
            f"does again what may have been done: {_named(found, doubtful)}; make sure that it may "
            "be done twice, or that it was not done"
        )
    attached = [one for one in found.left if one not in doubtful]
    if attached:
        texts.append(
            f"goes on with: {_named(found, attached)}; a command that has run, or runs still, is "
            "not run again"
        )
    texts.append("then takes the steps that had not begun")
    if found.cause in _WARNINGS:
        texts.append(_WARNINGS[found.cause])
    return Prospect(possible=True, texts=tuple(texts))


def _replay(found: Interrupted, ends: tuple[str, ...]) -> Prospect:
    done = dict.fromkeys([*found.finished, *found.doubtful, *found.left])
    texts = [*ends, "begins the whole operation again, as a new task with the same parameters"]
    if done:
        texts.append(f"does again all of it, also what was done or begun: {_named(found, done)}")
    return Prospect(possible=True, texts=tuple(texts))


def _abandon(found: Interrupted, ends: tuple[str, ...]) -> Prospect:
    texts = ["does nothing more of it; it stays interrupted, with your reason", *ends]
    if found.finished:
        texts.append(f"leaves what was done as it is: {_named(found, found.finished)}")
    if found.doubtful:
        texts.append(f"nobody knows whether this was done: {_named(found, found.doubtful)}")
    return Prospect(possible=True, texts=tuple(texts))


def _named(found: Interrupted, ids: Iterable[str]) -> str:
    names = [_name(found, one) for one in ids]
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _name(found: Interrupted, one: str) -> str:
    part = found.parts[one]
    of = f" of {part['entityName']}" if part.get("entityName") else ""
    return f"{part['name']}{of}"

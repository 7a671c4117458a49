"""Safety: whether a step may be run again if nobody knows whether it ran.

It is a mark on the step's action, for the one who writes an action knows what it does outside:

    @repeatable
    async def look_up(name: str) -> str: ...

    await op.step("look up", look_up, "web")
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable
from typing import Any, TypeVar, overload

_MARK = "__brookline_safety__"
_RETURNS = "__brookline_returns__"

Action = TypeVar("Action", bound=Callable[..., Any])


class Safety(enum.Enum):
    """What is done with a step that had no outcome when its master died."""

    ONCE = "once"
    """Its start is committed before it acts; without an outcome, the operation is interrupted."""

    GUARDED = "guarded"
    """It is run again: the guard on the machine runs the command once, and attaches afterwards."""

    REPEATABLE = "repeatable"
    """It is run again: twice is as good as once."""


def repeatable(action: Action) -> Action:
    """Mark an action that may be run twice, such as a question, or a write of the same bytes."""
    return _marked(action, Safety.REPEATABLE)


@overload
def guarded(action: Action) -> Action: ...
@overload
def guarded(*, returns: type) -> Callable[[Action], Action]: ...
def guarded(action: Action | None = None, *, returns: type | None = None) -> Any:
    """Mark an action that does nothing outside but to run one command on a machine.

    Args:
        action: The action, when the decorator is used without arguments.
        returns: Dataclass that it returns; what was stored is made into one again.
    """

    def mark(function: Action) -> Action:
        setattr(function, _RETURNS, returns)
        return _marked(function, Safety.GUARDED)

    return mark if action is None else mark(action)


def safety_of(action: Callable[..., Any]) -> Safety:
    """Return how an action is marked; what is not marked is done once at most."""
    found: Safety = getattr(_function(action), _MARK, Safety.ONCE)
    return found


def returns_of(action: Callable[..., Any]) -> type | None:
    """Return the dataclass that an action returns, if it said so."""
    found: type | None = getattr(_function(action), _RETURNS, None)
    return found


def _function(action: Callable[..., Any]) -> Any:
    while isinstance(action, functools.partial):
        action = action.func
    return action


def _marked(action: Action, safety: Safety) -> Action:
    setattr(action, _MARK, safety)
    return action

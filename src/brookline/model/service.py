"""Service state: pure functions from what is known of an entity to its state.

Source: features observed on Brooklyn 1.1.0, and its ServiceStateLogic.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brookline.model.quorum import Quorum

IS_UP = "service.isUp"
STATE = "service.state"
EXPECTED = "service.state.expected"
PROBLEMS = "service.problems"
NOT_UP = "service.notUp.indicators"
DIAGNOSTICS = "service.notUp.diagnostics"

ROLL_UP_KEY = "service-lifecycle-indicators-from-children-and-members"
"""The key that the roll-up of children owns in the maps of problems and indicators."""


INTERRUPTED_KEY = "interrupted"
"""The key in the map of problems under which a new master explains that its predecessor's work on
the entity was cut off; whatever starts or stops the entity again clears it."""


class Lifecycle(enum.Enum):
    """States of a service, in AMP's words."""

    CREATED = "CREATED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    DESTROYED = "DESTROYED"
    ON_FIRE = "ON_FIRE"


_COUNTED = (Lifecycle.RUNNING, Lifecycle.ON_FIRE)


@dataclass(frozen=True, slots=True)
class Health:
    """What the roll-up knows of one child or member."""

    name: str
    state: Lifecycle | None
    is_up: bool | None


@dataclass(frozen=True, slots=True)
class RollUp:
    """What children and members mean for their parent; empty texts where all is well.

    Attributes:
        not_up: Reason for not being up.
        problem: What is wrong although it may be up.
    """

    not_up: str = ""
    problem: str = ""


def is_up(indicators: Mapping[str, Any] | None) -> bool | None:
    """Return whether a service is up; None as long as nobody wrote the indicators."""
    return None if indicators is None else not indicators


def actual_state(
    expected: Lifecycle | None, up: bool | None, problems: Mapping[str, Any] | None
) -> Lifecycle | None:
    """Return the state that a service is in; None if nothing is known of it.

    Args:
        expected: What it is meant to be in.
        up: Value of `service.isUp`.
        problems: Value of `service.problems`; None if it was never published.
    """
    if expected is Lifecycle.RUNNING:
        return Lifecycle.RUNNING if up and not problems else Lifecycle.ON_FIRE
    if expected is not None:
        return expected
    if problems is None:
        return None
    if problems:
        return Lifecycle.ON_FIRE
    return {True: Lifecycle.RUNNING, False: Lifecycle.STOPPED, None: None}[up]


def derived(sensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return `service.isUp` and `service.state` as the other sensors imply; None is unset."""
    up = is_up(sensors.get(NOT_UP))
    state = actual_state(lifecycle(sensors.get(EXPECTED)), up, sensors.get(PROBLEMS))
    return {IS_UP: up, STATE: state.value if state else None}


def lifecycle(value: Any) -> Lifecycle | None:
    """Return the state in the value of `service.state` or `service.state.expected`."""
    if isinstance(value, dict):
        value = value.get("state")
    if isinstance(value, str):
        word = value.partition("@")[0].strip().upper().replace("-", "_")
        return Lifecycle.__members__.get(word)
    return value if isinstance(value, Lifecycle) else None


def expected(state: Lifecycle, wall_ms: int) -> dict[str, Any]:
    """Return a value for `service.state.expected`."""
    return {"state": state.value, "timestampUtc": wall_ms}


def health(name: str, sensors: Mapping[str, Any]) -> Health:
    """Return what the roll-up needs of an entity."""
    up = sensors.get(IS_UP)
    return Health(name, lifecycle(sensors.get(STATE)), up if isinstance(up, bool) else None)


def roll_up(all_health: Iterable[Health], up: Quorum, running: Quorum) -> RollUp:
    """Return what the health of children and members means for their parent.

    Only those that are RUNNING or ON_FIRE count, whatever else the others say: a child that is
    stopped, or that never had a state, takes nobody down.
    """
    counted = [one for one in all_health if one.state in _COUNTED]
    return RollUp(_not_up(counted, up), _problem(counted, running))


def _not_up(counted: list[Health], quorum: Quorum) -> str:
    known = [one for one in counted if one.is_up is not None]
    down = [one.name for one in known if not one.is_up]
    if quorum.holds(len(known) - len(down), len(known)):
        return ""
    if not known:
        return "No entities present"
    return f"{_names(down)} not up" if down else "Not enough entities up"


def _problem(counted: list[Health], quorum: Quorum) -> str:
    on_fire = [one.name for one in counted if one.state is Lifecycle.ON_FIRE]
    if quorum.holds(len(counted) - len(on_fire), len(counted)):
        return ""
    if not on_fire:
        return "Not enough entities running to be quorate"
    return (
        f"Required {'entity' if len(on_fire) == 1 else 'entities'} not healthy: {_names(on_fire)}"
    )


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown

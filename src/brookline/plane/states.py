"""What a node is doing, what it was asked to be, and every move between states: one table."""

from __future__ import annotations

import enum

from brookline.errors import InvalidInput


class NodeState(enum.Enum):
    """State of a node; the values are the words of the REST API."""

    INITIALIZING = "INITIALIZING"
    STANDBY = "STANDBY"
    HOT_STANDBY = "HOT_STANDBY"
    HOT_BACKUP = "HOT_BACKUP"
    MASTER = "MASTER"
    FAILED = "FAILED"
    TERMINATED = "TERMINATED"


class Mode(enum.Enum):
    """What a node is asked to be, at start or later."""

    DISABLED = "DISABLED"
    AUTO = "AUTO"
    MASTER = "MASTER"
    STANDBY = "STANDBY"
    HOT_STANDBY = "HOT_STANDBY"
    HOT_BACKUP = "HOT_BACKUP"


_S = NodeState

MOVES: dict[NodeState, frozenset[NodeState]] = {
    _S.INITIALIZING: frozenset(
        {_S.STANDBY, _S.HOT_STANDBY, _S.HOT_BACKUP, _S.MASTER, _S.FAILED, _S.TERMINATED}
    ),
    _S.STANDBY: frozenset(
        {_S.INITIALIZING, _S.HOT_STANDBY, _S.HOT_BACKUP, _S.MASTER, _S.FAILED, _S.TERMINATED}
    ),
    _S.HOT_STANDBY: frozenset(
        {_S.INITIALIZING, _S.STANDBY, _S.HOT_BACKUP, _S.MASTER, _S.FAILED, _S.TERMINATED}
    ),
    _S.HOT_BACKUP: frozenset(
        {_S.INITIALIZING, _S.STANDBY, _S.HOT_STANDBY, _S.MASTER, _S.FAILED, _S.TERMINATED}
    ),
    _S.MASTER: frozenset({_S.STANDBY, _S.HOT_STANDBY, _S.HOT_BACKUP, _S.FAILED, _S.TERMINATED}),
    _S.FAILED: frozenset(
        {_S.INITIALIZING, _S.STANDBY, _S.HOT_STANDBY, _S.HOT_BACKUP, _S.MASTER, _S.TERMINATED}
    ),
    _S.TERMINATED: frozenset(),
}
"""From each state, the states that may follow. A node between two others is INITIALIZING."""

HOT = frozenset({NodeState.HOT_STANDBY, NodeState.HOT_BACKUP, NodeState.MASTER})
"""States in which a node serves reads."""

ELECTABLE = frozenset({NodeState.STANDBY, NodeState.HOT_STANDBY})
"""States in which a node stands in elections."""

NEVER_FOLLOW = frozenset({NodeState.TERMINATED, NodeState.FAILED, NodeState.HOT_BACKUP})
"""States from which a node does not come to stand in an election by itself."""


def may_move(before: NodeState, after: NodeState) -> bool:
    """Tell whether `after` may follow `before`."""
    return after in MOVES[before]


def read_state(text: str) -> NodeState:
    """Return the state of that name; FAILED for a word of a newer version: no part in elections."""
    return NodeState(text) if text in NodeState.__members__ else NodeState.FAILED


def resting_state(mode: Mode, *, standby_is_hot: bool) -> NodeState:
    """Return the state of a node in this mode that does not lead."""
    match mode:
        case Mode.AUTO | Mode.MASTER:
            return NodeState.HOT_STANDBY if standby_is_hot else NodeState.STANDBY
        case Mode.STANDBY:
            return NodeState.STANDBY
        case Mode.HOT_STANDBY:
            return NodeState.HOT_STANDBY
        case Mode.HOT_BACKUP:
            return NodeState.HOT_BACKUP
        case Mode.DISABLED:
            return NodeState.FAILED


def parse_mode(text: str) -> Mode:
    """Return the mode of that name.

    Raises:
        InvalidInput: If there is none; the message lists them.
    """
    try:
        return Mode(text.strip().upper())
    except ValueError:
        names = ", ".join(mode.value for mode in Mode)
        raise InvalidInput(f"there is no mode {text!r}; modes are {names}") from None

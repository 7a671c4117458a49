"""Shapes of the REST API that tell of interrupted operations; AMP has none of them.

Times are integer milliseconds since 1970.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from brookline.wire.rest import Links, Shape, TaskLink


class Failover(Shape, frozen=True):
    """The change of masters by which work was interrupted.

    Attributes:
        epoch: The mastership that found it so.
        node: Name of its node.
        from_: Name of the node that led before, or its instance id.
        reason: Why the mastership changed.
        at_utc: When.
    """

    epoch: int
    node: str
    from_: str = msgspec.field(name="from")
    reason: str
    at_utc: int


class Resolution(Shape, frozen=True):
    """What became of an interrupted operation.

    Attributes:
        how: ``replayed`` or ``abandoned``; one that is resumed is not interrupted any more.
        by: Who decided that; empty without login.
        at_utc: When.
        why: The reason that was given.
        task: Id of the task as which it was replayed.
    """

    how: str
    by: str
    at_utc: int
    why: str | UnsetType = UNSET
    task: str | UnsetType = UNSET


class Choice(Shape, frozen=True):
    """One way to resolve it.

    Attributes:
        possible: Whether it can be chosen.
        will: What it will do, in this order; or why it cannot be chosen.
    """

    possible: bool
    will: list[str]


class InterruptedSummary(Shape, frozen=True, kw_only=True):
    """An operation that does not go on by itself.

    Attributes:
        id: Of its task, as in `activities`.
        cause: A word: ``once``, ``changed``, ``gone``, ``suspect``, ``rebooted``, ``lost``, ``reset``,
            ``cut-off``, ``restored``.
        reason: A sentence.
        step: The step at which it was.
        failover: The change of masters that did it; absent if it was another cause.
        ends: The task that ends what still ran when it was abandoned.
        choices: What can be done with it, by name; only of one by itself.
    """

    id: str
    name: str
    entity_id: str | UnsetType = UNSET
    entity_display_name: str | UnsetType = UNSET
    effector: str | UnsetType = UNSET
    cause: str
    reason: str
    step: str | UnsetType = UNSET
    since_utc: int
    failover: Failover | UnsetType = UNSET
    resolved: Resolution | UnsetType = UNSET
    ends: TaskLink | UnsetType = UNSET
    choices: dict[str, Choice] | UnsetType = UNSET
    links: Links

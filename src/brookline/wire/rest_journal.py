"""Shapes of the log as it is told to people, by REST and by the command line."""

from __future__ import annotations

import msgspec

from brookline.wire.rest import Shape


class JournalChange(Shape, frozen=True, omit_defaults=True):
    """A record that an entry changed; its value is not told.

    Attributes:
        op: ``put``, ``merge`` or ``drop``.
        kind: Of the record.
        id: Of the record.
        name: Of the entity or task that it is, or is about; or empty.
        fields: Which of its fields were set or removed.
        text: The same in words.
    """

    op: str
    kind: str
    id: str
    name: str = ""
    fields: list[str] = msgspec.field(default_factory=list)
    text: str = ""


class JournalLine(Shape, frozen=True, omit_defaults=True):
    """An entry, or what one request changed by it.

    Attributes:
        sequence: Number of the entry.
        time_utc: Its writer's wall clock.
        epoch: Mastership that wrote it.
        node: Name of the writer, else its instance.
        instance: Of the writer.
        kind: Of the entry: ``fence``, ``active``, ``batch``, ``snapshot``, ``collect``, ``resign``,
            ``import``.
        user: Who asked for it; empty for the plane itself.
        request: Id of the request, or empty.
        text: What it says.
        changes: Which records it changed.
    """

    sequence: int
    time_utc: int
    epoch: int
    node: str
    instance: str
    kind: str
    user: str = ""
    request: str = ""
    text: str = ""
    changes: list[JournalChange] = msgspec.field(default_factory=list)


class JournalPage(Shape, frozen=True):
    """A part of the log.

    Attributes:
        lines: In order; an entry may have several, or none.
        last: The last entry that the node knows.
        next: Where to go on, or null at the end.
    """

    lines: list[JournalLine]
    last: int
    next: int | None = None

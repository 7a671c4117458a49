"""Changes of records: the only thing that a batch carries and that a replica applies."""

from __future__ import annotations

from typing import Any

import msgspec

Value = dict[str, Any]
"""A record's value: JSON. Never changed in place; whoever changes it makes a new one."""


class Put(msgspec.Struct, frozen=True, tag="put", tag_field="op", gc=False):
    """Create a record or replace its value."""

    kind: str
    id: str
    value: Value


class Merge(msgspec.Struct, frozen=True, tag="merge", tag_field="op", omit_defaults=True, gc=False):
    """Set and remove some top-level fields of a record, which begins empty if it is absent."""

    kind: str
    id: str
    set: Value = {}
    unset: tuple[str, ...] = ()


class Drop(msgspec.Struct, frozen=True, tag="drop", tag_field="op", gc=False):
    """Remove a record; one that is absent already is no error."""

    kind: str
    id: str


Change = Put | Merge | Drop


class Item(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What one request, or one background duty, changed.

    Attributes:
        changes: In the order in which they are applied.
        request: Id of the request that asked for it, or empty.
        user: Who asked for it, or empty for the platform itself.
    """

    changes: tuple[Change, ...]
    request: str = ""
    user: str = ""

"""What a store does by itself with what lies in it: buckets have rules of expiry, and versions."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from brookline.stores.report import Property

if TYPE_CHECKING:
    from brookline.stores.notes import Notes


@dataclasses.dataclass(frozen=True, slots=True)
class Keeping:
    """What is known of it; sentences for people, empty where there is nothing of the kind.

    Attributes:
        loses: What becomes of the plane's keys after some time, by which rule.
        hoards: What stays of keys that were deleted.
        unread: Why the rules could not be read; `loses` says nothing then.
    """

    loses: str = ""
    hoards: str = ""
    unread: str = ""


@runtime_checkable
class Keeper(Protocol):
    """A store that acts by itself on what lies in it, and can tell how."""

    async def keeping(self) -> Keeping:
        """Tell what it does; never raises for what the store answers: that is `unread` then."""
        ...


def note_keeping(keeping: Keeping, notes: Notes) -> None:
    """Judge what a store does by itself.

    A rule that takes entries away is refused, however late it does: some of what a plane writes is
    written once, is needed for ever, and holds back a master of long ago.

    Raises:
        Failed: If keys of the plane do not last.
    """
    if keeping.hoards:
        notes.warn(Property.FORGETS, keeping.hoards)
    if keeping.unread:
        notes.warn(Property.LASTS, f"not known: {keeping.unread}")
    elif keeping.loses:
        notes.fail(Property.LASTS, keeping.loses)
    else:
        notes.hold(Property.LASTS, "no rule takes away what lies beneath this prefix")

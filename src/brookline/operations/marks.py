"""Marks: what a record of an operation says of what it did on the way, by the beginning of a key.

A key that begins with none of these is of what its code recorded by itself: whoever runs that code
again comes to it again.
"""

from __future__ import annotations

KEPT = "since "
"""Since when something lasts that has not ended; see `kept`."""

TURN = "lock "
"""That it took a lock; see `locks`."""

READ = "read "
"""What it read of what may change, such as config; see `readings`."""

CHANCE = "chance "
"""What followed from something else than its code, such as from when it was cancelled."""

_BESIDES = (KEPT, TURN, READ, CHANCE)


def is_of_code(key: str) -> bool:
    """Tell whether code that is run again has to come to what is recorded under a key."""
    return not key.startswith(_BESIDES)

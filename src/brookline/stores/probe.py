"""The conformance probe: tries on the real store whether it can carry a plane.

It reads the key `plane`, writes only beneath ``probe/<nonce>/``, and removes what it wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.stores.names import PLANE, PROBE
from brookline.stores.notes import Failed, Notes
from brookline.stores.report import Report, require_fit
from brookline.stores.trials import QUICK, WHOLE, Size, Trials
from brookline.values.ids import SYSTEM_RANDOM, Randomness, new_id

if TYPE_CHECKING:
    from brookline.stores.store import Store
    from brookline.values.clock import Clock

__all__ = ["QUICK", "WHOLE", "Report", "Size", "probe", "require_fit"]


async def probe(
    store: Store,
    other: Store,
    *,
    clock: Clock,
    size: Size = WHOLE,
    randomness: Randomness = SYSTEM_RANDOM,
) -> Report:
    """Try a store and report property by property.

    The first failure ends it: what else such a store does is of no interest.

    Args:
        store: One connection.
        other: Another one to the same store, sharing as little with the first as can be.
        clock: Measures, and waits between looks.
        size: `WHOLE` or `QUICK`.
        randomness: Of the nonce in the keys.

    Raises:
        StoreError: If the store gives no answer; then nothing is known of its fitness.
    """
    notes = Notes(clock)
    trials = Trials(store, other, notes=notes, size=size, prefix=f"{PROBE}{new_id(randomness)}/")
    plane = await store.get(PLANE) is not None
    try:
        await trials.run()
    except Failed:
        pass  # it is in the notes
    finally:
        left = await trials.clean_up()
    return notes.report(size=size.name, plane=plane, left_behind=left)

"""Beginning an operation with the request for it: it runs if that was recorded, and only then."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from brookline.errors import Outcome, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def recorded(commit: Awaitable[None], perhaps: Callable[[], None]) -> None:
    """Await the commit that records an operation, or that one goes on, which the caller then has run.

    Args:
        commit: The commit.
        perhaps: Has the operation run once it turns out that it was recorded, if it was.

    Raises:
        Unavailable: If it was not committed in time. If that is not known, the operation is run all
            the same once it turns out that it was: nothing is in progress that nobody runs.
        BrooklineError: Whatever else refuses the commit.
    """
    try:
        await commit
    except Unavailable as error:
        if error.outcome is Outcome.UNKNOWN:
            perhaps()
        raise
    except asyncio.CancelledError:
        # Its client is gone, and the commit perhaps on its way.
        perhaps()
        raise

"""Beginning an operation with the request for it: it runs if it was recorded, and only then."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from brookline.errors import Outcome, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from brookline.operations.supervisor import Supervisor
    from brookline.operations.task import Task


async def recorded(supervisor: Supervisor, task: Task, commit: Awaitable[None]) -> None:
    """Await the commit that records an operation, which the caller then has run.

    Raises:
        Unavailable: If it was not committed in time. If that is not known, the operation is run all
            the same once it turns out that it was: nothing is in progress that nobody runs.
        BrooklineError: Whatever else refuses the commit.
    """
    try:
        await commit
    except Unavailable as error:
        if error.outcome is Outcome.UNKNOWN:
            supervisor.submit_if_recorded(task)
        raise
    except asyncio.CancelledError:
        # Its client is gone, and the commit perhaps on its way.
        supervisor.submit_if_recorded(task)
        raise

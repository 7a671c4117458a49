"""Threads for the files of commands."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# Not the default executor: a burst of output must not hold up the files of the store.
_THREADS = concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="commands")


async def in_thread(work: Callable[..., T], *args: Any) -> T:
    """Call a function that waits for files, and return what it returns."""
    return await asyncio.get_running_loop().run_in_executor(
        _THREADS, functools.partial(work, *args)
    )

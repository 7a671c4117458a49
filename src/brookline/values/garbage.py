"""Pauses of the garbage collector, which stops every thread for as long as it looks."""

from __future__ import annotations

import contextlib
import gc
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_YOUNG = 20_000
"""New objects before the collector looks at them; 700 by default, which are those of a few requests."""

_lock = threading.Lock()
_paused = 0
_was_on = False


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector from running while very many objects are made.

    A full collection amid a million new objects holds the event loop for 100 ms. What has no
    cycles, such as the trees of blueprints, is freed all the same. May be nested, and used in
    several threads.
    """
    global _paused, _was_on  # noqa: PLW0603 - the collector is global, too
    with _lock:
        if _paused == 0:
            _was_on = gc.isenabled()
        _paused += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _paused -= 1
            if _paused == 0 and _was_on:
                gc.enable()


def collect_less() -> None:
    """Never look again at what exists by now, and less often at what is new.

    For a server that has imported everything: what a request makes is freed without a collector,
    and looking for cycles in it took a quarter of the time of a write.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])

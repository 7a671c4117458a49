"""Memory of the process: what large blocks leave behind is given back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import sys

_M_MMAP_THRESHOLD = -3
_THRESHOLD_BYTES = 1 << 20


def give_back_large_blocks() -> None:
    """Have each block above 1 MiB mapped by itself, so that it is unmapped when it is freed.

    glibc raises its own threshold to the size of the largest block that was freed. After the first
    login, whose hash takes 19 MiB, such blocks would come from the heap, and stay there.

    Source: mallopt(3). Elsewhere than on glibc this does nothing.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _THRESHOLD_BYTES)

"""Scarcity: errors that tell of what this server lacks, and nothing of the work that it does."""

from __future__ import annotations

import errno

_LACKS = frozenset({errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOBUFS})
_NO_THREAD = "can't start new thread"


def is_scarcity(error: BaseException | None) -> bool:
    """Tell whether an error came of a lack of memory, processes, threads or open files here."""
    while error is not None:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _LACKS):
            return True
        if isinstance(error, RuntimeError) and _NO_THREAD in str(error):
            return True
        error = error.__cause__
    return False

"""Scarcity: errors that tell of what this server lacks, and nothing of the work that it does."""

from __future__ import annotations

import errno

from brookline.errors import RemoteError

_LACKS = frozenset({errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOBUFS})
_NO_PROCESS = errno.EAGAIN
"""So says a start of a program; but so do others that would have to wait, such as for a lock."""

_NO_THREAD = "can't start new thread"


def is_scarcity(error: BaseException | None) -> bool:
    """Tell whether an error came of a lack of memory, processes, threads or open files here."""
    said: BaseException | None = None
    while error is not None:
        lacks = _LACKS | {_NO_PROCESS} if isinstance(said, RemoteError) else _LACKS
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in lacks):
            return True
        if isinstance(error, RuntimeError) and _NO_THREAD in str(error):
            return True
        said, error = error, error.__cause__
    return False

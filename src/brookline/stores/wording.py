"""What the operating system said of the way to a server, for people."""

from __future__ import annotations

import os


def network_words(problem: OSError) -> str:
    """Say why there was no answer, as in ``Connection refused``.

    asyncio words such errors for programmers; several addresses of a name make one of several.
    """
    if isinstance(problem, TimeoutError):
        return "no answer in time"
    if problem.errno is not None and problem.errno > 0:
        return os.strerror(problem.errno)
    text = problem.strerror or str(problem) or type(problem).__name__
    if "Connect call failed" in text:
        return "no connection to any of its addresses"
    return " ".join(text.split())

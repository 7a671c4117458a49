"""Regular expressions of strangers: matched within a bounded time, whatever they are.

Python's own `re` may try for hours (``(a+)+b``), and nothing could stop it meanwhile.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 1_000
"""Characters of a pattern."""

LIMIT_S = 0.05
"""How long one question may take; the event loop waits so long."""


def matching(pattern: str, texts: Iterable[str], *, limit_s: float = LIMIT_S) -> set[str]:
    """Return those texts that a pattern matches as a whole.

    Args:
        pattern: As somebody wrote it.
        texts: What it is tried on.
        limit_s: For all of them together.

    Raises:
        ValueError: If it is no pattern, or takes too long; the message says which.
    """
    if len(pattern) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    try:
        compiled = regex.compile(pattern, cache_pattern=False)
    except (regex.error, RecursionError, OverflowError) as error:
        raise ValueError(f"it is no regular expression: {error}") from error
    deadline = time.monotonic() + limit_s
    found = set()
    try:
        for text in texts:
            left = max(deadline - time.monotonic(), 0.001)
            if compiled.fullmatch(text, timeout=left):
                found.add(text)
    except TimeoutError as error:
        raise ValueError("it takes too long to match; write it without nested repeats") from error
    return found

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

_TOO_LONG = "it takes too long to match; write it without nested repeats"


def matching(pattern: str, texts: Iterable[str], *, limit_s: float = LIMIT_S) -> set[str]:
    """Return those texts that a pattern matches as a whole.

    Args:
        pattern: As somebody wrote it.
        texts: What it is tried on.
        limit_s: For all of them together.

    Raises:
        ValueError: If it is no pattern, or takes too long; the message says which.
    """
    compiled = _compiled(pattern)
    deadline = time.monotonic() + limit_s
    found = set()
    try:
        for text in texts:
            left = max(deadline - time.monotonic(), 0.001)
            if compiled.fullmatch(text, timeout=left):
                found.add(text)
    except TimeoutError as error:
        raise ValueError(_TOO_LONG) from error
    return found


def replaced(pattern: str, replacement: str, text: str, *, limit_s: float = LIMIT_S) -> str:
    r"""Return a text with all that a pattern matches replaced.

    Args:
        pattern: As somebody wrote it.
        replacement: In Python's form: ``\g<1>`` is the first group.
        text: In which it is looked for.
        limit_s: How long that may take.

    Raises:
        ValueError: If it is no pattern, the replacement does not fit it, or it takes too long.
    """
    compiled = _compiled(pattern)
    try:
        found: str = compiled.sub(replacement, text, timeout=limit_s)
    except TimeoutError as error:
        raise ValueError(_TOO_LONG) from error
    except (regex.error, IndexError) as error:
        raise ValueError(f"the replacement does not fit: {error}") from error
    return found


def _compiled(pattern: str) -> regex.Pattern[str]:
    if len(pattern) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    try:
        return regex.compile(pattern, cache_pattern=False)
    except (regex.error, RecursionError, OverflowError) as error:
        raise ValueError(f"it is no regular expression: {error}") from error

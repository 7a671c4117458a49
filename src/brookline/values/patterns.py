"""Regular expressions of strangers: matched within a bounded time, whatever they are.

Python's own `re` may try for hours (``(a+)+b``), and nothing could stop it meanwhile. The `regex`
module can be told when to give up; it is imported when it is first needed, for it takes 11 MB.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 1_000
"""Characters of a pattern."""

LIMIT_S = 0.05
"""How long one question may take; the event loop waits so long."""

_TOO_LONG = "it takes too long to match; write it without nested repeats"
_TAME_LENGTH = 1_000


def matching(pattern: str, texts: Iterable[str], *, limit_s: float = LIMIT_S) -> set[str]:
    """Return those texts that a pattern matches as a whole.

    Args:
        pattern: As somebody wrote it.
        texts: What it is tried on.
        limit_s: For all of them together.

    Raises:
        ValueError: If it is no pattern, or takes too long; the message says which.
    """
    tried = list(texts)
    if _is_tame(pattern, tried, most_repeats=2):
        tame = _compiled_tame(pattern)
        return {text for text in tried if tame.fullmatch(text)}
    wild = _Wild(pattern)
    deadline = time.monotonic() + limit_s
    return {text for text in tried if wild.fits(text, deadline - time.monotonic())}


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
    if not _is_tame(pattern, [text], most_repeats=1):  # it is tried from each character on
        return _Wild(pattern).replaced(replacement, text, limit_s)
    try:
        return _compiled_tame(pattern).sub(replacement, text)
    except (re.error, IndexError) as error:
        raise ValueError(f"the replacement does not fit: {error}") from error


def _is_tame(pattern: str, texts: list[str], *, most_repeats: int) -> bool:
    """Tell whether no text could take long: no groups, few repeats, and short texts."""
    repeats = sum(pattern.count(mark) for mark in "*+?{")
    short = all(len(text) <= _TAME_LENGTH for text in (pattern, *texts))
    return "(" not in pattern and repeats <= most_repeats and short


def _compiled_tame(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError) as error:
        raise ValueError(f"it is no regular expression: {error}") from error


class _Wild:
    """A pattern that may take for ever, and so is given up in time."""

    def __init__(self, pattern: str) -> None:
        import regex  # noqa: PLC0415 - large, and seldom needed

        if len(pattern) > LONGEST:
            raise ValueError(f"it is longer than {LONGEST} characters")
        self._misfits = (regex.error, IndexError)
        try:
            self._compiled = regex.compile(pattern, cache_pattern=False)
        except (regex.error, RecursionError, OverflowError) as error:
            raise ValueError(f"it is no regular expression: {error}") from error

    def fits(self, text: str, limit_s: float) -> bool:
        try:
            return self._compiled.fullmatch(text, timeout=max(limit_s, 0.001)) is not None
        except TimeoutError as error:
            raise ValueError(_TOO_LONG) from error

    def replaced(self, replacement: str, text: str, limit_s: float) -> str:
        try:
            return self._compiled.sub(replacement, text, timeout=limit_s)
        except TimeoutError as error:
            raise ValueError(_TOO_LONG) from error
        except self._misfits as error:
            raise ValueError(f"the replacement does not fit: {error}") from error

"""Identities: short random texts that people can read out and that sort nowhere."""

from __future__ import annotations

import re
import secrets
from typing import Protocol

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SPARE_BITS = 32
"""More than an id holds, so that no character is likelier than another by more than a billionth."""


class Randomness(Protocol):
    """The part of `random.Random` that the house uses; simulations pass a seeded one."""

    def random(self) -> float:
        """Return a number from 0 to 1, without 1."""
        ...

    def getrandbits(self, k: int) -> int:
        """Return a number of `k` random bits."""
        ...


SYSTEM_RANDOM: Randomness = secrets.SystemRandom()
"""Randomness of the operating system."""


def new_id(randomness: Randomness = SYSTEM_RANDOM, length: int = 10) -> str:
    """Return a new id: a lower-case letter, then letters and digits.

    Ten characters hold 51 bits. The form fits Brooklyn's rule for ids chosen by callers
    (10 to 63 lower-case alphanumerics).
    """
    # One draw: the system's randomness costs a call of the kernel, and every entry has a nonce.
    number, first = divmod(randomness.getrandbits(6 * length + _SPARE_BITS), len(_LETTERS))
    text = _LETTERS[first]
    for _ in range(length - 1):
        number, place = divmod(number, len(_ALPHABET))
        text += _ALPHABET[place]
    return text


def is_id(text: str) -> bool:
    """Tell whether a caller may choose this text as the id of an application."""
    return re.fullmatch(r"[a-z0-9]{10,63}", text) is not None

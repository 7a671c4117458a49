"""Password hashes at rest: Argon2 for ours, salted SHA-256 as AMP's `generate-password` writes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

import argon2

_SHA256 = "sha256"
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""The least that OWASP's Password Storage Cheat Sheet asks for: some 25 ms and 19 MiB a check."""

_GROUPS, _GROUP_LENGTH = 4, 5
_READABLE = "abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY3479"


def new_password() -> str:
    """Return a random password of 112 bits, without letters that look alike."""
    return "-".join(
        "".join(secrets.choice(_READABLE) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)
    )


def argon2_hash(password: str) -> str:
    """Return an Argon2id hash with its salt and parameters. Takes some 25 ms: call it in a thread."""
    return _HASHER.hash(password)


def decoy_hash() -> str:
    """Return a hash that no password fits, and that takes as long to check as a real one."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32)
    )
    costs = f"m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


def amp_hash(salt: str, sha256: str) -> str:
    """Return our form of the ``salt`` and ``sha256`` lines of AMP's properties.

    Raises:
        ValueError: If `sha256` is no SHA-256 in hex.
    """
    digest = sha256.strip().lower()
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise ValueError("not a SHA-256: 64 hexadecimal digits, as `generate-password` prints them")
    return f"${_SHA256}${salt}${digest}"


def is_quick(encoded: str) -> bool:
    """Tell whether a hash is checked at once, as AMP's are: who guesses could tell by the time."""
    return encoded.startswith(f"${_SHA256}$")


def matches(password: str, encoded: str) -> bool:
    """Tell whether a password fits a hash. Slow for Argon2: call it in a thread.

    A hash that cannot be read fits no password.
    """
    if is_quick(encoded):
        # Source: Brooklyn's PasswordHasher, which hashes salt and password joined, once.
        salt, _, digest = encoded[len(_SHA256) + 2 :].rpartition("$")
        made = hashlib.sha256(f"{salt}{password}".encode()).hexdigest()
        return hmac.compare_digest(made, digest)
    try:
        return _HASHER.verify(encoded, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False

"""Keys by which nodes know each other: who can write the store is trusted, who only reads it is not.

Each instance makes a key pair at its start and publishes the public half in its heartbeat. A call
from node to node carries a signature of all that matters in it, and the target's heartbeat counter
as last seen, so that a call that was recorded cannot be sent again for long. A write that is sent
again before is found to be done already.
"""

from __future__ import annotations

import dataclasses
import hashlib

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from brookline.plane.settings import BEATS_BEHIND


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a signature covers.

    Attributes:
        method: Such as ``POST``.
        path: Of the call; it has no query.
        sender: Instance that calls.
        target: Instance that is meant.
        counter: The target's heartbeat counter as the sender last saw it.
        epoch: Under which the target is meant to lead, or 0.
        digest: Of the body (`digest_of`), in which user and request id of a write travel. Not the
            body itself, so that nobody makes a node read a large one before it is known who calls.
    """

    method: str
    path: str
    sender: str
    target: str
    counter: int
    epoch: int
    digest: str


class NodeKey:
    """The key pair of one instance; its private half never leaves the process."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes_raw().hex()
        """The public half, in hex, for the heartbeat."""

    def sign(self, call: Call) -> str:
        """Return the signature of a call, in hex."""
        return self._key.sign(_signed(call)).hex()


def is_genuine(call: Call, signature: str, public: str) -> bool:
    """Tell whether the owner of a public key signed this very call."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), _signed(call))
    except (ValueError, InvalidSignature):
        return False
    return True


def is_fresh(call: Call, counter: int) -> bool:
    """Tell whether a call is recent, by the target's own heartbeat counter."""
    return counter - call.counter <= BEATS_BEHIND


def digest_of(body: bytes) -> str:
    """Return the SHA-256 of a body, in hex."""
    return hashlib.sha256(body).hexdigest()


def _signed(call: Call) -> bytes:
    who = (call.sender, call.target, call.counter, call.epoch)
    what = (call.method, call.path, call.digest)
    # JSON of lists, so that no two calls have the same bytes; the first line names the form.
    return b"brookline-call-1\n" + msgspec.json.encode((who, what))

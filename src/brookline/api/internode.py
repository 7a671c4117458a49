"""Calls between nodes, as both ends write them: headers, signature, envelopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from brookline.plane.peers import Reply, Request
from brookline.security.node_keys import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.security.node_keys import NodeKey

ID = "/node/id"
LINE = "/node/line"
NUDGE = "/node/nudge"
FORWARD = "/node/forward"
RELAY = "/node/relay"
STREAM = "/node/stream"

SENDER = "brookline-sender"
TARGET = "brookline-target"
COUNTER = "brookline-counter"
TERM = "brookline-term"
"""Epoch under which the target is meant to lead."""
DIGEST = "brookline-digest"
SIGNATURE = "brookline-signature"


class CallUnknown(Exception):
    """The other node runs a version that does not know the call: it did nothing."""


class Forwarded(msgspec.Struct, frozen=True):
    """A client's write on its way to the master, or to the node that it is about."""

    id: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    user: str
    from_client: bool


class Answered(msgspec.Struct, frozen=True):
    """The answer on its way back to the door."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Identified(msgspec.Struct, frozen=True):
    """Who listens at an address."""

    instance: str
    home: str


class Asked(msgspec.Struct, frozen=True):
    """Which part of a stream is asked for."""

    task: str
    name: str
    start: int


class Told(msgspec.Struct, frozen=True):
    """What a node has of it."""

    content: bytes
    end: int
    kept: tuple[tuple[int, int], ...] = ()


_encoder = msgspec.msgpack.Encoder()
_forwarded = msgspec.msgpack.Decoder(Forwarded)
_answered = msgspec.msgpack.Decoder(Answered)
_asked = msgspec.msgpack.Decoder(Asked)
_told = msgspec.msgpack.Decoder(Told)


def pack_request(request: Request) -> bytes:
    """Return a write as an envelope; all of it is covered by the signature of the body."""
    return _encoder.encode(
        Forwarded(
            request.id,
            request.method,
            request.path,
            request.headers,
            request.body,
            request.user,
            request.from_client,
        )
    )


def unpack_request(data: bytes) -> Request:
    """Return the write in an envelope.

    Raises:
        msgspec.DecodeError: If there is none.
    """
    sent = _forwarded.decode(data)
    return Request(
        id=sent.id,
        method=sent.method,
        path=sent.path,
        headers=sent.headers,
        body=sent.body,
        user=sent.user,
        from_client=sent.from_client,
    )


def pack_reply(reply: Reply) -> bytes:
    """Return an answer as an envelope."""
    return _encoder.encode(Answered(reply.status, reply.headers, reply.body))


def unpack_reply(data: bytes) -> Reply:
    """Return the answer in an envelope.

    Raises:
        msgspec.DecodeError: If there is none.
    """
    answer = _answered.decode(data)
    return Reply(status=answer.status, headers=answer.headers, body=answer.body)


def pack_asked(task_id: str, name: str, start: int) -> bytes:
    """Return a question for a part of a stream as an envelope."""
    return _encoder.encode(Asked(task_id, name, start))


def unpack_asked(data: bytes) -> Asked:
    """Return the question in an envelope.

    Raises:
        msgspec.DecodeError: If there is none.
    """
    return _asked.decode(data)


def pack_told(content: bytes, end: int, kept: tuple[tuple[int, int], ...] = ()) -> bytes:
    """Return a part of a stream as an envelope."""
    return _encoder.encode(Told(content, end, kept))


def unpack_told(data: bytes) -> Told:
    """Return the part of a stream in an envelope.

    Raises:
        msgspec.DecodeError: If there is none.
    """
    return _told.decode(data)


def signed_headers(key: NodeKey, call: Call) -> dict[str, str]:
    """Return the headers that prove who calls."""
    return {
        SENDER: call.sender,
        TARGET: call.target,
        COUNTER: str(call.counter),
        TERM: str(call.epoch),
        DIGEST: call.digest,
        SIGNATURE: key.sign(call),
    }


def read_call(method: str, path: str, headers: Mapping[str, str]) -> Call:
    """Return the call that headers tell of; its body has not been read yet.

    Raises:
        ValueError: If a number among them is none.
    """
    return Call(
        method=method,
        path=path,
        sender=headers.get(SENDER, ""),
        target=headers.get(TARGET, ""),
        counter=int(headers.get(COUNTER, "0")),
        epoch=int(headers.get(TERM, "0")),
        digest=headers.get(DIGEST, ""),
    )

"""Answers as they go out, with the headers that every answer has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.api.answers import NO_CONTENT
from brookline.plane.peers import Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.api.answers import Answer, Headers
    from brookline.api.node_port import Node

    Send = Callable[[dict[str, Any]], Awaitable[None]]

NODE = "brookline-node"
EPOCH = "brookline-epoch"
SEQUENCE = "brookline-sequence"

EVERY: Headers = (("cache-control", "no-cache, no-store"), ("pragma", "no-cache"), ("expires", "0"))
"""Source: headers of each answer of Brooklyn."""

_BODILESS = (204, 304)


class Stamp:
    """Says which node answers, under which epoch, and how much of the log it has applied."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._at = (-1, -1)
        self._headers: Headers = ()
        self._raw: list[tuple[bytes, bytes]] = []
        self._done = Reply(status=204)

    def raw(self) -> list[tuple[bytes, bytes]]:
        """Return the same as bytes, for ASGI."""
        self.headers()
        return self._raw

    def headers(self) -> Headers:
        """Return the headers of this moment, those of every answer included."""
        at = (self._node.epoch, self._node.replica.seq)
        if at != self._at:
            self._at = at
            self._headers = (
                *EVERY,
                (NODE, self._node.identity.instance),
                (EPOCH, str(at[0])),
                (SEQUENCE, str(at[1])),
            )
            self._done = Reply(status=204, headers=self._headers)
            self._raw = [(name.encode(), value.encode()) for name, value in self._headers]
        return self._headers

    def reply(self, answer: Answer, *, as_of: int | None = None) -> Reply:
        """Return an answer with all its headers.

        Args:
            answer: What is answered.
            as_of: The entry that it shows at least; the last one that is applied if None.
        """
        if answer is NO_CONTENT:
            self.headers()
            return self._done
        headers = (*answer.headers, *self.headers())
        if as_of is not None and as_of != self._at[1]:
            headers = (*headers[:-1], (SEQUENCE, str(as_of)))
        if answer.status not in _BODILESS:
            headers = (("content-length", str(len(answer.body))), *headers)
            if answer.media and answer.body:
                headers = (("content-type", answer.media), *headers)
        return Reply(status=answer.status, headers=headers, body=answer.body)

    async def send(self, send: Send, reply: Reply) -> None:
        """Send an answer over ASGI."""
        if reply is self._done:
            headers = self._raw
        else:
            headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in reply.headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

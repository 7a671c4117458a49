"""Bodies of requests, read whole and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.api.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class HungUp(Exception):
    """The client left before its request was complete."""


async def read_body(receive: Receive, headers: Mapping[str, str], most: int) -> bytes:
    """Return the whole body.

    Args:
        receive: ASGI's source of messages.
        headers: Of the request, in lower case.
        most: Bytes that are read at most.

    Raises:
        Refused: 413, if it is larger.
        HungUp: The client left in the midst of it.
    """
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    message = await receive()
    if (
        message["type"] == "http.request"
        and not message["more_body"]
        and len(message["body"]) <= most
    ):
        return message["body"]  # type: ignore[no-any-return]
    body = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise HungUp
        body += message["body"]
        if len(body) > most:
            raise _too_large(most)
        if not message["more_body"]:
            return bytes(body)
        message = await receive()


async def until_gone(receive: Receive) -> None:
    """Return once the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _too_large(most: int) -> Refused:
    return Refused(413, f"the body is larger than {most} bytes", (("connection", "close"),))

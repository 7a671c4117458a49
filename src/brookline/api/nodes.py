"""What other nodes ask of this one. No login, but a signature by the key in the caller's heartbeat."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import msgspec

from brookline.api import internode
from brookline.api.answers import NO_CONTENT, Answer, json
from brookline.api.bodies import HungUp, read_body, until_gone
from brookline.api.problems import Refused, problem, unexpected
from brookline.api.relay import Arrivals
from brookline.errors import BrooklineError
from brookline.plane.peers import Lost, Misdirected
from brookline.security.node_keys import digest_of, is_fresh, is_genuine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.api.bodies import Receive
    from brookline.api.ports import Ports
    from brookline.api.wireform import Send, Stamp
    from brookline.plane.peers import Request
    from brookline.security.node_keys import Call

    Scope = Mapping[str, Any]

log = logging.getLogger("brookline.api")

PREFIX = b"/node/"
_ENVELOPE_BYTES = 1 << 20
"""What a forwarded request may have beside its body."""


class Nodes:
    """Serves ``/node/…``."""

    def __init__(self, ports: Ports, stamp: Stamp) -> None:
        self._ports = ports
        self._stamp = stamp
        self._arrivals = Arrivals(ports)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        try:
            if (scope["method"], scope["path"]) == ("GET", internode.LINE):
                await self._verified(scope, receive)
                await self._say_tails(receive, send)
                return
            answer = await self._answer(scope, receive)
        except HungUp:
            return
        except (BrooklineError, Refused) as refusal:
            answer = problem(refusal)
        except Exception as fault:  # noqa: BLE001 - the edge of the API
            answer = unexpected(fault)
        await self._stamp.send(send, self._stamp.reply(answer))

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        match scope["method"], scope["path"]:
            case "GET", internode.ID:
                identity = self._ports.node.identity
                return json(internode.Identified(identity.instance, identity.home))
            case "POST", internode.NUDGE:
                await self._verified(scope, receive)
                self._ports.node.nudge()
                return NO_CONTENT
            case "POST", internode.FORWARD:
                return await self._forwarded(*await self._verified(scope, receive))
            case "POST", internode.RELAY:
                return await self._relayed(*await self._verified(scope, receive))
            case "POST", internode.STREAM:
                return await self._piece(*await self._verified(scope, receive))
            case _:
                raise Refused(404, f"there is nothing at {scope['method']} {scope['path']}")

    async def _verified(self, scope: Scope, receive: Receive) -> tuple[Call, bytes]:
        """Return a call that is meant for this instance, recent, and signed by who it says.

        All but the body is looked at before the body is read.

        Raises:
            Refused: 421 if it is meant for another, 401 if it cannot be believed.
        """
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        try:
            call = internode.read_call(scope["method"], scope["path"], headers)
        except ValueError as fault:
            raise Refused(400, f"no call from node to node: {fault}") from fault
        self._check(call, headers.get(internode.SIGNATURE, ""))
        most = self._ports.settings.body_max_bytes + _ENVELOPE_BYTES
        body = await read_body(receive, headers, most)
        if digest_of(body) != call.digest:
            raise Refused(401, "the body is not the one that was signed")
        return call, body

    def _check(self, call: Call, signature: str) -> None:
        node = self._ports.node
        if call.target != node.identity.instance:
            raise Refused(421, f"this is instance {node.identity.instance}, not {call.target}")
        sender, me = node.find_member(call.sender), node.find_member(call.target)
        if sender is None:
            # A node that has just begun is heard of at the next poll; it tries again.
            raise Refused(401, f"this node has not heard of instance {call.sender} yet")
        genuine = is_genuine(call, signature, sender.public_key)
        if not genuine or not is_fresh(call, me.counter if me else 0):
            fields = {"sender": call.sender, "path": call.path}
            log.warning("call from node refused", extra={"fields": fields})
            raise Refused(401, "the signature is not that of the node, or too old")

    async def _forwarded(self, call: Call, body: bytes) -> Answer:
        """Carry out another door's write.

        Raises:
            Refused: 421 if this node does not lead under that epoch; nothing was done. 502 if it
                began and leads no more: a later mastership knows the answer.
        """
        request = _unpacked(body)
        try:
            reply = await self._ports.node.door.accept(request, call.epoch)
        except Misdirected as misdirected:
            raise Refused(421, f"this node does not lead in epoch {call.epoch}") from misdirected
        except Lost as lost:
            raise Refused(502, str(lost)) from lost
        except BrooklineError as refusal:
            reply = self._stamp.reply(problem(refusal))
        return Answer(200, internode.pack_reply(reply), "application/msgpack")

    async def _relayed(self, call: Call, body: bytes) -> Answer:
        """Carry out what another node passes on: a request about this node itself.

        Raises:
            Refused: 409 if it came before.
        """
        request = _unpacked(body)
        self._arrivals.admit(request)
        try:
            answer = await self._arrivals.carry_out(request, call.sender)
        except (BrooklineError, Refused) as refusal:
            answer = problem(refusal)
        return Answer(200, internode.pack_reply(self._stamp.reply(answer)), "application/msgpack")

    async def _piece(self, _call: Call, body: bytes) -> Answer:
        """Return what this node has of a stream.

        Raises:
            Refused: 400 if it is not said of which.
        """
        try:
            asked = internode.unpack_asked(body)
        except msgspec.DecodeError as fault:
            raise Refused(400, f"no part of a stream: {fault}") from fault
        outputs = self._ports.management.outputs
        piece = await outputs.here(asked.task, asked.name, asked.start)
        return Answer(200, internode.pack_told(*piece), "application/msgpack")

    async def _say_tails(self, receive: Receive, send: Send) -> None:
        """Tell the caller this node's tail, a line for each change, until either end leaves."""
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        saying = asyncio.ensure_future(self._say(send))
        leaving = asyncio.ensure_future(until_gone(receive))
        try:
            await asyncio.wait({saying, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            saying.cancel()
            leaving.cancel()
            await asyncio.gather(saying, leaving, return_exceptions=True)
        await send({"type": "http.response.body", "body": b""})

    async def _say(self, send: Send) -> None:
        async for tail in self._ports.node.line.watch():
            body = b"%d\n" % tail
            await send({"type": "http.response.body", "body": body, "more_body": True})


def _unpacked(body: bytes) -> Request:
    """Return the request in an envelope.

    Raises:
        Refused: 400 if there is none.
    """
    try:
        return internode.unpack_request(body)
    except msgspec.DecodeError as fault:
        raise Refused(400, f"no request of another node's client: {fault}") from fault

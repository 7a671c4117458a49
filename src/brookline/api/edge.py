"""The edge: who asks, for what, and whether this node may answer. Pure ASGI.

The order of the checks is AMP's: credentials, then the path, then the method, then the node's
state. So an unknown path is 401 without credentials, and 404 on a standby too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from brookline.api.answers import Answer, json
from brookline.api.bodies import HungUp, read_body, until_gone
from brookline.api.callers import Callers, SessionOver
from brookline.api.calls import Call, parse_query, whole_number
from brookline.api.cookies import Cookies, is_secure
from brookline.api.event_client import EventClient
from brookline.api.events import Listen
from brookline.api.here import check_here, not_here, overrides
from brookline.api.negotiation import check_media, form_of
from brookline.api.origins import is_from_sister
from brookline.api.plane_view import check_shown, is_hot
from brookline.api.problems import Refused, problem, unexpected
from brookline.api.relay import Passed
from brookline.api.routes import Found, Place
from brookline.api.settings import NonMasterWrites
from brookline.api.sites import check_page
from brookline.api.wireform import SEQUENCE
from brookline.api.writes import Dropped
from brookline.errors import BrooklineError, Outcome, Unavailable
from brookline.plane.states import NodeState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.api.bodies import Receive
    from brookline.api.callers import Caller
    from brookline.api.hub import Hub
    from brookline.api.ports import Ports
    from brookline.api.routes import RouteTable
    from brookline.api.wireform import Send, Stamp
    from brookline.api.writes import Writes
    from brookline.plane.peers import Reply

    Scope = Mapping[str, Any]

_CHANGING = frozenset({Place.MASTER, Place.HERE})
_PLANE = "/v1/server/ha/"
_MOST_OF_STRANGERS = 16 << 10
"""Bytes of a body that somebody sends who has not logged in yet."""


class Edge:
    """Serves every request that nothing quicker has served."""

    def __init__(
        self, ports: Ports, table: RouteTable, *, writes: Writes, stamp: Stamp, hub: Hub
    ) -> None:
        self._ports = ports
        self._table = table
        self._writes = writes
        self._stamp = stamp
        self._hub = hub
        self._callers = Callers(ports)
        self._cookies = Cookies(ports)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            reply = await self._reply(scope, receive)
        except (HungUp, Dropped):
            return
        except SessionOver as over:
            reply = self._stamp.reply(self._over(over, scope))
        except (BrooklineError, Refused) as refusal:
            reply = self._stamp.reply(_challenged(problem(refusal), scope))
        except Exception as fault:  # noqa: BLE001 - the edge of the API
            reply = self._stamp.reply(unexpected(fault))
        if isinstance(reply, EventClient):
            await reply.serve(scope, receive, send)
        else:
            await self._stamp.send(send, reply)

    async def _reply(self, scope: Scope, receive: Receive) -> Reply | EventClient:
        method, path = scope["method"], scope["raw_path"].decode("latin-1")
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        if method == "OPTIONS" and (methods := self._table.methods(path)):
            return self._stamp.reply(Answer(200, headers=(("allow", ", ".join(methods)),)))
        caller = await self._callers.find(
            method, headers, address=_address(scope), is_open=self._table.is_open(method, path)
        )
        found = self._table.find(method, path)
        secure = is_secure(scope["scheme"], headers)
        cookies = self._cookies.renewing(caller, found.operation.path, secure=secure)
        reply = await self._answered(found, scope, receive, headers=headers, caller=caller)
        if isinstance(reply, EventClient):
            reply.standing = self._callers.standing(caller)
            reply.cookies = cookies
        elif cookies and not _has_cookies(reply):
            reply = msgspec.structs.replace(reply, headers=(*reply.headers, *cookies))
        return reply

    async def _answered(
        self,
        found: Found,
        scope: Scope,
        receive: Receive,
        *,
        headers: Mapping[str, str],
        caller: Caller,
    ) -> Reply | EventClient:
        operation = found.operation
        if operation.place in _CHANGING and not is_from_sister(
            headers, self._ports.node, bears=operation.login
        ):
            check_page(headers)
        if operation.place is Place.MASTER:
            return await self._write(found, scope, receive, headers=headers, user=caller.user)
        await self._may_answer(found, headers)
        form = form_of(operation, headers.get("accept", ""))
        body = b""
        if operation.place is Place.HERE:
            check_media(operation.consumes, _media(headers))
            known = self._ports.settings.body_max_bytes
            most = known if operation.login else _MOST_OF_STRANGERS
            body = await read_body(receive, headers, most)
        call = Call(
            ports=self._ports,
            path=found.path,
            query=parse_query(scope["query_string"]),
            headers=headers,
            body=body,
            user=caller.user,
            base=_base(scope, headers),
            accepted=form,
            address=_address(scope),
            token=caller.token,
        )
        began = self._ports.node.replica.seq
        answer = await operation.handler(call)
        if isinstance(answer, Listen):
            return answer.client(self._hub)
        if isinstance(answer, Passed):
            return answer.reply
        assert isinstance(answer, Answer), "only the master follows a task"
        # A long answer is made in slices, and its beginning may not show what came since.
        return self._stamp.reply(answer, as_of=began if operation.place is Place.HOT else None)

    async def _write(
        self,
        found: Found,
        scope: Scope,
        receive: Receive,
        *,
        headers: Mapping[str, str],
        user: str,
    ) -> Reply:
        """Have the master carry out a write, wherever it is."""
        path = scope["raw_path"].decode("latin-1")
        if scope["query_string"]:
            path += "?" + scope["query_string"].decode("latin-1")
        elsewhere = self._not_here(found, path, headers)
        if elsewhere is not None:
            return self._stamp.reply(elsewhere)
        form_of(found.operation, headers.get("accept", ""))
        check_media(found.operation.consumes, _media(headers))
        body = await read_body(receive, headers, self._ports.settings.body_max_bytes)
        request = self._writes.request(
            found.operation, path, headers, body=body, user=user, base=_base(scope, headers)
        )
        return await self._writes.submit(request, lambda: until_gone(receive))

    def _over(self, over: SessionOver, scope: Scope) -> Answer:
        """Return what says that a session has ended, and takes it back. Source: AMP's words."""
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        cookies = self._cookies.none(secure=is_secure(scope["scheme"], headers))
        return json({over.end.value: True}, status=403, headers=cookies)

    def _not_here(self, found: Found, path: str, headers: Mapping[str, str]) -> Answer | None:
        """Return the answer of a node that does not forward writes; None if it takes this one.

        Raises:
            NotAllowed: If it refuses them, as AMP does.
        """
        mode, node = self._ports.settings.non_master_writes, self._ports.node
        if mode is NonMasterWrites.FORWARD or node.state is NodeState.MASTER:
            return None
        # AMP's pages and scripts ask this of any node; here the master does it all the same.
        if overrides(headers) and found.operation.path.startswith(_PLANE):
            return None
        if mode is NonMasterWrites.REFUSE:
            raise not_here(node, "an active primary server")
        master = node.master()
        if master is None or not (master.uri or master.address):
            return None
        where = (master.uri or master.address).rstrip("/") + path
        return Answer(307, headers=(("location", where),), media="")

    async def _may_answer(self, found: Found, headers: Mapping[str, str]) -> None:
        """Make sure that this node may answer, and has seen what its client has.

        Raises:
            NotAllowed: If its state does not allow it.
            Unavailable: If it does not catch up in time, or shows none of what is asked for.
        """
        self._check_hot(found)
        if found.operation.place is Place.HERE:
            check_here(self._ports, found.operation.path, headers)
        elif SEQUENCE in headers:
            await self._catch_up(whole_number(SEQUENCE, headers[SEQUENCE]))
            # Meanwhile this may have become a node that shows nothing.
            self._check_hot(found)

    def _check_hot(self, found: Found) -> None:
        place, node = found.operation.place, self._ports.node
        if place is Place.SHOWN:
            check_shown(node)
        elif place is Place.HOT and not is_hot(node):
            raise not_here(node, "an active primary or hot standby server")

    async def _catch_up(self, sequence: int) -> None:
        node, wait_s = self._ports.node, self._ports.settings.sequence_wait_s
        if node.replica.seq >= sequence:
            return
        if not await node.wait_applied(sequence, wait_s):
            raise Unavailable(
                f"this node has not seen sequence {sequence} within {wait_s:g} s", Outcome.NOT_DONE
            )


def _address(scope: Scope) -> str:
    return str((scope["client"] or ("",))[0])


def _has_cookies(reply: Reply) -> bool:
    return any(name == "set-cookie" for name, _ in reply.headers)


def _challenged(answer: Answer, scope: Scope) -> Answer:
    """Keep a browser's password box shut where a page's script has asked."""
    if answer.status != 401 or not any(_is_script(*header) for header in scope["headers"]):
        return answer
    kept = [header for header in answer.headers if header[0] != "www-authenticate"]
    headers = (*kept, ("www-authenticate", 'X-Basic realm="brooklyn"'))
    return Answer(answer.status, answer.body, answer.media, headers)


def _is_script(name: bytes, value: bytes) -> bool:
    """Tell by a header whether a page's script has asked, and not the one who sits before it."""
    return name == b"x-requested-with" or (name == b"sec-fetch-mode" and value != b"navigate")


def _media(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _base(scope: Scope, headers: Mapping[str, str]) -> str:
    host = headers.get("host", "")
    return f"{scope['scheme']}://{host}" if host else ""

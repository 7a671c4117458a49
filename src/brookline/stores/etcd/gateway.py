"""Calls to etcd by its JSON gateway: one endpoint after the other, with a login if there is one."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from brookline.errors import StoreError, StoreUnfit
from brookline.stores.times import limit_s
from brookline.stores.wording import network_words

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from brookline.stores.etcd.address import Address

CONNECT_S = 3.0

_UNAUTHENTICATED = 16
_CUT_OFF = frozenset({4, 14})
"""Codes with which a member says that it hears nothing of the others."""

_STRANGE = "HTTP {}, which is not an answer of etcd's gateway"
_NOT_ENABLED = "authentication is not enabled"
_STALE = ("invalid auth token", "revision of auth store is old", "revision in header is old")
"""What a member says to a token that was valid once: it may log in again."""

_NO_LOGIN = "user name is empty"
"""What it says to who has none, though logins are asked for by now."""

_FULL = "database space exceeded"
"""In what it says from when its quota is used up until somebody has made room and disarmed it."""

_encoder = msgspec.json.Encoder()


class Refused(Exception):
    """Etcd answered that it did not do what was asked, or cannot say whether it did.

    Attributes:
        code: Of gRPC.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


FAILURES = (Refused, aiohttp.ClientError, OSError)
"""All that a call may raise for etcd or the way to it; a time-out is an OSError."""


class Gateway:
    """Calls of one store.

    Args:
        address: Of the cluster.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._at = 0
        self._token = ""
        self._needs_login = bool(address.user)
        self._cluster = ""
        self._logging_in = asyncio.Lock()
        connector = aiohttp.TCPConnector(limit=16, ssl=_trust(address))
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
        )

    async def ask(
        self, path: str, body: Any, *, allowed_s: float | None = None, safe: bool = True
    ) -> Any:
        """Make a call and return its answer.

        Args:
            path: As in ``/v3/kv/range``.
            body: What is asked, as JSON; None to GET.
            allowed_s: How long it may take; None for as long as a small call may.
            safe: Whether it may be sent again when it is not known what became of it.

        Raises:
            Refused: What etcd said.
            ClientError: If the connection broke; it may have happened.
            TimeoutError: If there was no answer in time; it may have happened.
        """
        async with asyncio.timeout(allowed_s or limit_s()):
            if self._needs_login and not self._token:
                await self._log_in("")
            token = self._token
            try:
                return await self._send(path, body, safe=safe)
            except Refused as refusal:
                if not self._may_log_in(refusal, token):
                    raise
            await self._log_in(token)  # it was refused for its login, so it did not happen
            return await self._send(path, body, safe=safe)

    async def stream(self, path: str, body: Any) -> AsyncGenerator[bytes, None]:
        """Make a call whose answer has no end, and yield what comes of it.

        Raises:
            Refused: What etcd said.
            ClientError: If the connection broke.
        """
        if self._needs_login and not self._token:
            await self._log_in("")
        at = self._at
        sent = _encoder.encode(body)
        try:
            async with self._session.post(
                self._address.endpoints[at] + path, data=sent, headers=self._headers()
            ) as answer:
                if answer.status != 200:
                    raise _refusal(answer.status, await answer.read())
                async for chunk in answer.content.iter_any():
                    yield chunk
        except (aiohttp.ClientError, OSError):
            self._leave(at)
            raise

    async def close(self) -> None:
        """End all connections."""
        await self._session.close()

    async def _send(self, path: str, body: Any, *, safe: bool) -> Any:
        sent = None if body is None else _encoder.encode(body)
        for left in reversed(range(len(self._address.endpoints) + 1)):
            at = self._at
            try:
                return await self._send_once(at, path, sent)
            except aiohttp.ClientConnectorError:  # nobody is there: nothing was sent
                self._leave(at)
                if not left:
                    raise
            except (aiohttp.ClientError, OSError):
                self._leave(at)
                if not (left and safe):
                    raise
            except Refused as refusal:
                if refusal.code not in _CUT_OFF:
                    raise
                self._leave(at)
                if not (left and safe):
                    raise
        raise AssertionError("the last try returns or raises")

    async def _send_once(self, at: int, path: str, sent: bytes | None) -> Any:
        url = self._address.endpoints[at] + path
        method = "GET" if sent is None else "POST"
        try:
            async with self._session.request(
                method, url, data=sent, headers=self._headers()
            ) as answer:
                data = await answer.read()
        except asyncio.CancelledError:
            self._leave(at)  # it took too long
            raise
        if answer.status != 200:
            raise _refusal(answer.status, data)
        return self._checked(path, data)

    def _checked(self, path: str, data: bytes) -> Any:
        """Return an answer if it is one, and from the cluster that answered before."""
        try:
            answer = msgspec.json.decode(data, type=dict[str, Any])
            cluster = answer["header"]["cluster_id"] if path.startswith("/v3/") else self._cluster
        except (msgspec.DecodeError, LookupError, TypeError) as problem:
            raise Refused(0, _STRANGE.format(200)) from problem
        if self._cluster not in ("", cluster):
            raise Refused(0, "the hosts belong to different clusters, whose keys are not the same")
        self._cluster = cluster
        return answer

    def _headers(self) -> dict[str, str]:
        return {"Authorization": self._token} if self._token else {}

    def _leave(self, at: int) -> None:
        """Turn to the endpoint after one that failed, unless another call has done that already.

        Calls fail together as a rule; if each turned once, they would pass over those that live.
        """
        if self._at == at:
            self._at = (at + 1) % len(self._address.endpoints)

    def _may_log_in(self, refusal: Refused, token: str) -> bool:
        """Tell whether a call was refused for want of a valid login, which can be had."""
        if not self._address.user:
            return False
        if _NO_LOGIN in str(refusal):
            self._needs_login = True  # it was not asked for when this began
            return True
        return bool(token) and _is_stale(refusal)

    async def _log_in(self, stale: str) -> None:
        """Get a token, unless somebody else has got one meanwhile."""
        async with self._logging_in:
            if self._token != stale:
                return
            self._token = ""
            login = {"name": self._address.user, "password": self._address.password}
            try:
                answer = await self._send("/v3/auth/authenticate", login, safe=True)
            except Refused as refusal:
                if _NOT_ENABLED not in str(refusal):
                    raise
                self._needs_login = False
            else:
                self._token = str(answer["token"])


def said(problem: BaseException) -> str:
    """Return what was said, on one line."""
    match problem:
        case aiohttp.ClientConnectorCertificateError():
            return "its certificate is not trusted; name its CA with ?cacert=/path"
        case aiohttp.ClientSSLError():
            return "it does not speak TLS there, or not ours"
        case aiohttp.ClientConnectorError():
            return network_words(problem.os_error)
        case aiohttp.ServerDisconnectedError():
            return "the connection broke"
        case OSError():
            return network_words(problem)
        case Refused() if _FULL in str(problem):
            return (
                f"etcd is full ({_FULL}): etcdctl compact, defrag and alarm disarm make room, see"
                " docs/stores.md"
            )
        case _:
            return " ".join(str(problem).split()) or type(problem).__name__


def remedy(problem: BaseException) -> str:
    """Return what to do about a failure that says nothing of what etcd can do; else nothing."""
    return "make room in it, and try again then" if _FULL in str(problem) else ""


def refused(address: Address, problem: Exception) -> StoreError:
    """Return the error for a store that cannot be opened."""
    words, place = said(problem), address.place
    if not isinstance(problem, Refused):
        return StoreError(f"{place} cannot be reached: {words}; does etcd run there?")
    if "invalid user ID or password" in words or "user name is empty" in words:
        return StoreUnfit(
            f"{place}: the login is refused ({words}); look at the user in the URL or in"
            " ETCDCTL_USER, and at the password in ETCDCTL_PASSWORD"
        )
    if "permission denied" in words:
        return StoreUnfit(
            f"{place}: user '{address.user}' may not use the prefix '{address.prefix}/': grant it"
            " readwrite on that prefix"
        )
    return StoreError(f"{place} cannot be used: {words}")


def _refusal(status: int, data: bytes) -> Refused:
    try:
        told = msgspec.json.decode(data)
        return Refused(int(told.get("code", 0)), str(told.get("message") or told.get("error")))
    except (msgspec.DecodeError, AttributeError, ValueError):
        return Refused(0, _STRANGE.format(status))


def _is_stale(refusal: Refused) -> bool:
    return refusal.code == _UNAUTHENTICATED or any(words in str(refusal) for words in _STALE)


def _trust(address: Address) -> ssl.SSLContext | bool:
    """Return how certificates are checked.

    Raises:
        StoreUnfit: If one of the files cannot be used.
    """
    if not address.files:
        return True
    try:
        context = ssl.create_default_context(cafile=address.files.get("cacert"))
        if "cert" in address.files:
            context.load_cert_chain(address.files["cert"], address.files.get("key"))
    except OSError as problem:
        raise StoreUnfit(
            f"{address.place}: the files {', '.join(address.files.values())} cannot be used for"
            f" TLS: {problem.strerror or problem}; look at cacert, cert and key in the URL, or at"
            " ETCDCTL_CACERT, ETCDCTL_CERT and ETCDCTL_KEY"
        ) from problem
    return context

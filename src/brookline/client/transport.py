"""Bytes to one node and back, over the standard library: starts fast, needs no thread."""

from __future__ import annotations

import dataclasses
import http.client
import select
import socket
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from brookline.client.addresses import checked
from brookline.client.exchange import Answer, Cause, Lost, NotSent
from brookline.errors import InvalidInput

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from brookline.client.exchange import Request, Result

CONNECT_S = 3.0
"""How long an address may take to accept a connection."""

_MOST_S = 86_400.0
"""How long an answer is waited for, whatever is asked: the system knows no time-outs of months."""


@dataclasses.dataclass(frozen=True, slots=True)
class Tls:
    """How certificates of ``https`` addresses are checked.

    Attributes:
        authorities: Files with certificates to trust besides the machine's.
        insecure: Whether any certificate will do.
    """

    authorities: tuple[str, ...] = ()
    insecure: bool = False

    def context(self) -> ssl.SSLContext:
        """Return the context for connections.

        Raises:
            InvalidInput: If a file cannot be read, or holds no certificate.
        """
        import ssl  # noqa: PLC0415  # plain http needs none of it

        context = ssl.create_default_context()
        for file in self.authorities:
            try:
                context.load_verify_locations(cafile=file)
            except (OSError, ssl.SSLError) as error:
                raise InvalidInput(f"no certificates in {file}: {error}") from error
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class Transport(Protocol):
    """What the client needs of a way to nodes."""

    def exchange(
        self, url: str, request: Request, *, headers: Mapping[str, str], timeout_s: float
    ) -> Result:
        """Send a request to the node at `url` and wait for its answer."""
        ...

    def new_connection(self, url: str) -> http.client.HTTPConnection:
        """Return a connection to the node at `url` that is not open yet."""
        ...

    def close(self) -> None:
        """Give back all connections."""
        ...


class HttpTransport:
    """Keeps one connection for each address open; for use by one thread at a time."""

    def __init__(self, tls: Tls | None = None, *, connect_s: float = CONNECT_S) -> None:
        self._tls = tls or Tls()
        self._connect_s = connect_s
        self._context: ssl.SSLContext | None = None
        self._open: dict[str, http.client.HTTPConnection] = {}

    def exchange(
        self, url: str, request: Request, *, headers: Mapping[str, str], timeout_s: float
    ) -> Result:
        """Send a request and wait for the answer.

        Whatever fails before the last byte was handed to the system is `NotSent`: a server cannot
        carry out half a request. Whatever fails afterwards is `Lost`.
        """
        try:
            connection = self._connected(url)
        except OSError as error:
            return NotSent(*_why_not_connected(error))
        if connection.sock is not None:
            connection.sock.settimeout(min(timeout_s, _MOST_S))
        path = urlsplit(url).path.rstrip("/") + request.path
        try:
            connection.request(
                request.method, path, body=request.body or None, headers=dict(headers)
            )
        except (BrokenPipeError, ConnectionResetError) as error:
            refusal = self._read(url, connection)  # a server may refuse a body while it comes
            return refusal if isinstance(refusal, Answer) else self._not_sent(url, error)
        except OSError as error:
            return self._not_sent(url, error)
        return self._read(url, connection)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def _connected(self, url: str) -> http.client.HTTPConnection:
        """Return an open connection: the kept one, unless the server has closed it meanwhile."""
        kept = self._open.pop(url, None)
        if kept is not None and kept.sock is not None and not _is_readable(kept.sock):
            self._open[url] = kept
            return kept
        if kept is not None:
            kept.close()
        connection = self.new_connection(url)
        connection.connect()
        self._open[url] = connection
        return connection

    def new_connection(self, url: str) -> http.client.HTTPConnection:
        """Return a connection that is not open yet, and that is the caller's own.

        Raises:
            InvalidInput: If the certificates to trust cannot be read.
        """
        parts = urlsplit(checked(url))
        host, port, connect_s = parts.hostname or "", parts.port, self._connect_s
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=connect_s)
        self._context = self._context or self._tls.context()
        return http.client.HTTPSConnection(host, port, timeout=connect_s, context=self._context)

    def _read(self, url: str, connection: http.client.HTTPConnection) -> Answer | Lost:
        try:
            response = connection.getresponse()
            body = response.read()
        except TimeoutError:
            self._drop(url)
            return Lost("no answer in time")
        except (OSError, http.client.HTTPException) as error:
            self._drop(url)
            return Lost(*_why_not_answered(error))
        if response.will_close:
            self._drop(url)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, body, url)

    def _not_sent(self, url: str, error: OSError) -> NotSent:
        self._drop(url)
        return NotSent(f"the connection broke while the request was sent ({_words(error)})")

    def _drop(self, url: str) -> None:
        connection = self._open.pop(url, None)
        if connection is not None:
            connection.close()


def _is_readable(sock: socket.socket) -> bool:
    """Tell whether an idle connection has something to read: that can only be its end."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _why_not_connected(error: OSError) -> tuple[str, Cause]:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused, nothing listens there", Cause.ABSENT
    if isinstance(error, TimeoutError):
        return "no connection in time", Cause.SILENT
    if isinstance(error, socket.gaierror):
        return "no such host", Cause.ABSENT
    kind = type(error).__name__  # to import `ssl` for its classes would cost time
    if kind == "SSLCertVerificationError":
        why = getattr(error, "verify_message", "") or _words(error)
        return f"its certificate is not trusted ({why})", Cause.UNTRUSTED
    if kind.startswith("SSL"):
        why = getattr(error, "reason", "") or _words(error)
        return f"no TLS there ({why.replace('_', ' ').lower()})", Cause.NOT_TLS
    return _words(error), Cause.SILENT


def _why_not_answered(error: Exception) -> tuple[str, Cause]:
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError):
        return "the connection ended without an answer", Cause.HUNG_UP
    if isinstance(error, http.client.IncompleteRead):
        return "the connection ended in the middle of the answer", Cause.SILENT
    if isinstance(error, http.client.BadStatusLine):
        return "the answer is not HTTP", Cause.HUNG_UP
    return _words(error), Cause.SILENT


def _words(error: BaseException) -> str:
    return str(getattr(error, "strerror", "") or str(error) or type(error).__name__)

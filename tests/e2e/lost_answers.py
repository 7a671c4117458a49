"""A way to a server on which the answer to a write is lost, since its server dies just then."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.servers import Server

_WRITES = (b"POST ", b"PUT ", b"DELETE ")
_PATIENCE_S = 90.0


class LostAnswer:
    """Passes requests on to a server; kills it when it answers a write, and passes nothing on of that.

    So the write was done, and who sent it cannot know.

    Args:
        server: That is killed.
        first: Returns once it may be killed, after it has answered.
    """

    def __init__(self, server: Server, first: Callable[[], object] = lambda: None) -> None:
        self.lost = b""
        self._server = server
        self._first = first
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> LostAnswer:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(_PATIENCE_S)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._pass, args=(client,), daemon=True))
            self._threads[-1].start()

    def _pass(self, client: socket.socket) -> None:
        """Pass on what comes on one connection, one request and its answer after the other."""
        with client:
            client.settimeout(_PATIENCE_S)
            with contextlib.suppress(OSError):
                server = socket.create_connection(("127.0.0.1", self._server.port), _PATIENCE_S)
                with server:
                    back = threading.Thread(target=_pump, args=(server, client, self._seen))
                    self._writes = False
                    back.start()
                    _pump(client, server, self._asked)
                    with contextlib.suppress(OSError):
                        server.shutdown(socket.SHUT_WR)
                    back.join(_PATIENCE_S)

    def _asked(self, data: bytes) -> bytes:
        self._writes = self._writes or data.startswith(_WRITES)
        return data

    def _seen(self, data: bytes) -> bytes:
        if not self._writes:
            return data
        self.lost += data
        self._first()
        self._server.kill()
        return b""


def _pump(source: socket.socket, sink: socket.socket, through: Callable[[bytes], bytes]) -> None:
    """Pass on what one side says until it ends, or nothing is to be passed on any more."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            passed = through(data)
            if not passed:
                break
            sink.sendall(passed)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)

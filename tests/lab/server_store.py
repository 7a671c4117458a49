"""A store that is a server: every node reaches it through a proxy of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tests.backends.programs import free_port
from tests.lab.proxies import Proxies
from tests.lab.proxy import CALM, Conduct, Links, Listener
from tests.lab.store_faults import (
    CUT,
    KILL_STORE,
    LOSSY_STORE,
    OF_A_SERVER,
    SLOW_STORE,
    STOP,
    UNHEARD,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.lab.network import Place

_CONDUCTS = {
    CUT: Conduct(hold_up=True, hold_down=True),
    UNHEARD: Conduct(hold_down=True),
    SLOW_STORE: Conduct(delay_s=0.1, rate=1_000_000),
    LOSSY_STORE: Conduct(loss=0.2, reset=0.02),
}


class Server(Protocol):
    """A server on loopback, as `tests.backends` has them."""

    port: int

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def close(self) -> None: ...
    def place(self) -> str: ...


class ServerLabStore:
    """A server that is paused, killed and started again, and proxies that are cut and slow.

    It is on the runner's loopback; a node finds it at the address of the runner that it sees. A cut
    holds all bytes, in silence, and takes new connections without an answer. Unheard is a node whose
    requests arrive, and whose answers do not.

    Args:
        name: Of the store.
        make: Makes the server.
    """

    def __init__(self, name: str, make: Callable[[], Server]) -> None:
        self.name = name
        self.faults = OF_A_SERVER
        self._server = make()
        self._proxies: Proxies | None = None
        self._urls: dict[str, str] = {}

    def start(self, folder: Path, nodes: Mapping[str, Place]) -> None:
        self._server.start()
        direct = self._server.place()
        listeners = []
        for name, place in nodes.items():
            here, there = (place.gateway, free_port()), ("127.0.0.1", self._server.port)
            listeners.append(Listener("store", here, there, name))
            own = direct.replace(f"127.0.0.1:{self._server.port}", "{}:{}".format(*here))
            self._urls[name] = own
        self._urls[""] = direct
        self._proxies = Proxies(Links(0, tuple(listeners)), folder / "store-proxies.out")

    def url(self, node: str = "") -> str:
        return self._urls[node]

    def begin(self, fault: str, node: str) -> None:
        if fault == STOP:
            self._server.pause()
        elif fault == KILL_STORE:
            self._server.kill()
        else:
            self._behave(node, _CONDUCTS[fault])

    def end(self, fault: str, node: str) -> None:
        if fault == STOP:
            self._server.resume()
        elif fault == KILL_STORE:
            self._server.start()
        else:
            self._behave(node, CALM)

    def close(self) -> None:
        if self._proxies is not None:
            self._proxies.close()
        self._server.close()

    def _behave(self, node: str, conduct: Conduct) -> None:
        assert self._proxies is not None
        self._proxies.behave(node, "store", conduct)

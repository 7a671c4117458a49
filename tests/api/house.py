"""Whole nodes for tests of the API: a real plane in memory, real HTTP on loopback."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
from typing import TYPE_CHECKING, Any

import aiohttp
from tests.api.types import TYPES
from uvicorn.config import Config
from uvicorn.server import ServerState

from brookline.api.app import Api
from brookline.api.hot_protocol import HotProtocol
from brookline.api.peers import HttpPeers
from brookline.api.ports import Ports, ShutdownOrder
from brookline.api.settings import ApiSettings
from brookline.api.tree import Tree
from brookline.journal.rules import ALL_RULES
from brookline.locations.kinds import Locations
from brookline.locations.localhost import Localhost
from brookline.management.building import build
from brookline.management.persistence import Persistence
from brookline.operations.streams import Streams
from brookline.plane.heart import LocalPulse
from brookline.plane.identity import Identity
from brookline.plane.node import PlaneNode
from brookline.plane.settings import PlaneSettings
from brookline.plane.states import Mode
from brookline.security.login import Login
from brookline.security.node_keys import NodeKey
from brookline.security.passwords import amp_hash
from brookline.security.sessions import Sessions
from brookline.security.users import User, Users
from brookline.stores.memory import MemoryStore
from brookline.values.clock import SystemClock
from brookline.values.crew import Crew
from brookline.values.ids import SYSTEM_RANDOM, new_id
from brookline.version import VERSION
from brookline.wire.rest_store import StoreSummary

if TYPE_CHECKING:
    from pathlib import Path

    from brookline.journal.records import View
    from brookline.server.tls import Tls
    from brookline.stores.shelf import Shelf
    from brookline.stores.store import Store

CLOCK = SystemClock()
QUICK = PlaneSettings(poll_s=0.1, timeout_s=2.0, write_wait_s=2.0, hop_wait_s=0.3)
ADMIN = {"Authorization": "Basic " + base64.b64encode(b"admin:pw").decode()}


class QuietControl:
    """A server around the API that does as it is told, but for ending the test."""

    def __init__(self) -> None:
        self.up = True
        self.healthy = True
        self.shutting_down = False
        self.started_ms = CLOCK.wall_ms()
        self.properties = {"brooklyn.some.key": "value", "my.password": "hush"}
        self.orders: list[ShutdownOrder] = []
        self.reloads = 0

    def store(self) -> StoreSummary:
        return StoreSummary("memory:", "", None)

    def setting(self, key: str) -> str | None:
        return self.properties.get(key)

    async def shutdown(self, order: ShutdownOrder) -> None:
        self.orders.append(order)
        self.shutting_down = True

    async def reload(self) -> None:
        self.reloads += 1


class House:
    """One node with its API on a free port."""

    def __init__(
        self,
        shelf: Shelf,
        folder: Path,
        *,
        name: str = "n1",
        mode: Mode = Mode.AUTO,
        api: ApiSettings | None = None,
        plane: PlaneSettings = QUICK,
        home: str = "",
        store: Store | None = None,
        tls: Tls | None = None,
    ) -> None:
        self.tls = tls
        # Named as TCP, or asyncio does not switch Nagle's algorithm off.
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(128)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.socket.getsockname()[1]}"
        self.key = NodeKey()
        identity = Identity(
            instance=new_id(),
            name=name,
            home=home or new_id(),
            host="here",
            boot="boot",
            address=self.url,
            uri=self.url + "/",
            version=VERSION,
            public_key=self.key.public,
            certificate=tls.fingerprint if tls else "",
        )
        self.peers = HttpPeers(identity.instance, self.key, clock=CLOCK, proved_dead=_nobody)
        self.built = build(
            TYPES, Locations([Localhost(CLOCK)]), streams=Streams(folder / name), clock=CLOCK
        )
        self.management = self.built.management
        self.node = PlaneNode(
            store or MemoryStore(shelf, name),
            self.peers,
            clock=CLOCK,
            randomness=SYSTEM_RANDOM,
            identity=identity,
            settings=plane,
            tenant=self.built.tenant,
            pulse=LocalPulse(MemoryStore(shelf, name), CLOCK, poll_s=plane.poll_s, rules=ALL_RULES),
            mode=mode,
        )
        self.built.outlet.plug(self.node)
        digest = hashlib.sha256(b"spw").hexdigest()
        users = {name: User(name, amp_hash("s", digest)) for name in ("admin", "ann")}
        self.login = Login(Users(users, view=self._view, copy=folder / "users"), clock=CLOCK)
        self.sessions = Sessions(self.login.users, view=self._view, clock=CLOCK)
        self.control = QuietControl()
        self.crew = Crew("api")
        self.app = Api(
            Ports(
                node=self.node,
                others=self.peers,
                management=self.management,
                herald=self.built.herald,
                logins=self.login,
                sessions=self.sessions,
                control=self.control,
                persistence=Persistence(self.node, CLOCK),
                clock=CLOCK,
                crew=self.crew,
                tree=Tree(CLOCK),
                settings=api or ApiSettings(poll_s=plane.poll_s, timeout_s=plane.timeout_s),
            )
        )
        self.state = ServerState()

    def _view(self) -> View | None:
        return self.node.replica.records if self.node.has_read and self.node.replica.seq else None

    async def open(self) -> None:
        """Listen, without taking part in the plane yet."""
        config = Config(
            self.app, http=HotProtocol, lifespan="off", log_config=None, proxy_headers=False
        )
        config.load()
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(
            lambda: HotProtocol(config, self.state, {}, loop),
            sock=self.socket,
            ssl=self.tls.context if self.tls else None,
        )
        self.client = aiohttp.ClientSession(self.url)

    async def start(self) -> House:
        await self.open()
        await self.node.start()
        self.crew.spawn(self.app.duty.run(), "sessions")
        return self

    async def leads(self) -> House:
        await until(self.node.leads)
        return self

    async def stop(self) -> None:
        await self.client.close()
        await self.node.stop()
        self.kill()
        await self.peers.close()
        await self.crew.disband()
        self.login.close()

    def kill(self) -> None:
        """Close all sockets, as the end of the process does."""
        self.server.close()
        for connection in list(self.state.connections):
            connection.transport.abort()

    async def call(self, method: str, path: str, **more: Any) -> Told:
        """Send a request as admin; a path without ``/v1`` in front."""
        headers = {**ADMIN, **more.pop("headers", {})}
        return await self.raw(method, "/v1" + path, headers=headers, **more)

    async def raw(self, method: str, path: str, **more: Any) -> Told:
        more.setdefault("allow_redirects", False)
        more.setdefault("ssl", False)
        async with self.client.request(method, path, **more) as response:
            return Told(response.status, response.headers, await response.read())

    async def get(self, path: str, **more: Any) -> Any:
        told = await self.call("GET", path, **more)
        assert told.status == 200, (told.status, told.body)
        return told.json

    async def deploy(self, plan: str) -> str:
        told = await self.call("POST", "/applications", data=plan.encode())
        assert told.status == 201, told.body
        await self.call("GET", f"/activities/{told.json['id']}?timeout=20s")
        return str(told.json["entityId"])


class Told:
    """An answer."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        import msgspec

        return msgspec.json.decode(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


async def until(holds: Any, deadline_s: float = 20.0) -> None:
    async with asyncio.timeout(deadline_s):
        while not holds():  # noqa: ASYNC110 - what is awaited tells nobody
            await asyncio.sleep(0.005)


async def _nobody(heartbeat: Any) -> bool:
    return False

"""The server: from the first signal handler to the last heartbeat."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError
from brookline.management.planned import PlannedHandOver
from brookline.plane.states import NodeState
from brookline.server import catalogue as c
from brookline.server.assembly import Assembly, assemble
from brookline.server.banner import banner, show
from brookline.server.http_server import HttpServer
from brookline.server.listening import url_of
from brookline.server.store_watch import follow_store
from brookline.server.to_tls import CONNECTIONS, ToTls
from brookline.server.watchdog import Watchdog
from brookline.stores.urls import shown

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Mapping, Sequence

    from brookline.security.users import User
    from brookline.server.logs import Origin
    from brookline.server.loop import Standstill
    from brookline.server.start import Start

log = logging.getLogger("brookline.server")

_EXIT_AT_ONCE = 130
_SETTLE_LOOK_S, _SETTLE_POLLS, _USERS_LOOK_S = 0.02, 5, 1.0


class Server:
    """One server process's work, within its loop.

    Args:
        start: What is known before.
        sockets: Listening already.
        tls: For them, or None.
        plain: Others, without TLS, which lead to them.
        standstill: Of the loop.
        origin: Tells the log who we are.
    """

    def __init__(
        self,
        start: Start,
        sockets: Sequence[socket.socket],
        *,
        tls: ssl.SSLContext | None,
        plain: Sequence[socket.socket],
        standstill: Standstill,
        origin: Origin,
    ) -> None:
        self._start = start
        self._standstill = standstill
        self._origin = origin
        self._parts: Assembly = assemble(start)
        self._listeners = [
            HttpServer(self._parts.api, sockets, tls=tls, standstill=standstill, clock=start.clock)
        ]
        if plain:
            self._listeners.append(self._to_tls(plain))
        origin.epoch = lambda: self._parts.node.epoch
        standstill.hooks.append(self._parts.node.door.stand_still)

    async def run(self) -> None:
        """Serve until stopped.

        Raises:
            BrooklineError: If the node cannot take part in its plane.
        """
        self._handle_signals()
        watchdog = Watchdog(lambda: self._standstill.ticks, self._start.settings[c.HA_TIMEOUT])
        watchdog.start()
        for listener in self._listeners:
            listener.start()
        crew = self._start.crew
        crew.spawn(self._take_part(), "take part")
        crew.spawn(self._watch_node(), "watch node")
        await self._start.stopping.wait()
        try:
            await self._end()
        except BaseException:
            self._parts.tenant.let_go()
            raise
        watchdog.stop()
        if self._start.stopping.failure is not None:
            raise self._start.stopping.failure

    def _to_tls(self, sockets: Sequence[socket.socket]) -> HttpServer:
        start, public = self._start, self._start.settings[c.PUBLIC_ADDRESS]
        leads = ToTls(self._parts.api, public or start.url, fixed=bool(public))
        fields = {"address": url_of(sockets[0], https=False), "to": public or start.url}
        log.info("leads to TLS", extra={"fields": fields})
        return HttpServer(
            leads,
            sockets,
            tls=None,
            standstill=self._standstill,
            clock=start.clock,
            most=CONNECTIONS,
        )

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)

    def _signalled(self, number: signal.Signals) -> None:
        if number == signal.SIGINT and self._start.stopping.begun:
            log.warning("ended at once, by a second Ctrl-C")
            os._exit(_EXIT_AT_ONCE)
        self._start.stopping.begin(number.name)

    async def _take_part(self) -> None:
        parts, crew = self._parts, self._start.crew
        crew.spawn(asyncio.to_thread(parts.first_user.prepare), "password")
        try:
            await parts.joining.join()
        except BrooklineError as error:
            self._start.stopping.fail(error)
            return
        self._origin.node = parts.node.identity.name
        parts.control.joined = True
        crew.spawn(self._follow(), "follow")
        crew.spawn(self._warm_up(), "warm up")
        crew.spawn(parts.api.duty.run(), "sessions")
        crew.spawn(parts.joining.probe_again(), "probe")
        crew.spawn(follow_store(parts.store, parts.node, self._start.clock), "store watch")
        crew.spawn(PlannedHandOver(parts.node, self._start.clock).run(), "planned hand-over")
        parts.backups.begin()

    async def _watch_node(self) -> None:
        self._start.stopping.fail(await self._parts.node.failed())

    async def _follow(self) -> None:
        """Tell people once where this node stands, and keep a copy of the plane's users."""
        parts, clock = self._parts, self._start.clock
        patience = clock.monotonic() + _SETTLE_POLLS * self._start.settings[c.HA_POLL]
        while not self._is_settled() and clock.monotonic() < patience:
            await clock.sleep(_SETTLE_LOOK_S)
        self._tell()
        seen = -1
        while True:
            if parts.node.replica.seq != seen:
                seen = parts.node.replica.seq
                news = parts.users.news()
                if news is not None:
                    await asyncio.to_thread(self._keep_users, news)
            await clock.sleep(_USERS_LOOK_S)

    async def _warm_up(self) -> None:
        """Get ready for calls to other nodes once there are some, not in a hand-over's midst."""
        while len(self._parts.node.members()) < 2:
            await self._start.clock.sleep(self._start.settings[c.HA_POLL])
        await self._parts.peers.get_ready()

    def _is_settled(self) -> bool:
        """Tell whether this node leads, or knows who does."""
        node = self._parts.node
        master = node.master()
        if master is None or master.instance == node.identity.former:
            return False
        return node.state is not NodeState.INITIALIZING

    def _tell(self) -> None:
        start, parts = self._start, self._parts
        text = banner(
            parts.node,
            start.home,
            parts.first_user,
            store=shown(start.store_url),
            addresses=start.settings[c.BIND],
            provider=start.provider,
        )
        show(text)
        if parts.first_user.made:
            fields = {"user": "admin", "password_in": str(start.home.password_file)}
            log.info("first user made", extra={"fields": fields})

    def _keep_users(self, users: Mapping[str, User]) -> None:
        try:
            self._parts.users.keep(users)
        except OSError as error:
            fields = {"why": str(error)}
            log.warning("the users cannot be copied to the home", extra={"fields": fields})

    async def _end(self) -> None:
        """Leave in the order in which clients and other nodes see least of it.

        The mastership goes first, then the listener, and only then the word that this node ended.
        """
        parts = self._parts
        await parts.node.leave()
        for listener in self._listeners:
            listener.ask_to_close()
        if parts.node.master() is None:
            parts.node.door.close()
        wait_s = self._start.settings[c.WRITE_WAIT]
        await asyncio.gather(*(listener.close(wait_s) for listener in self._listeners))
        await parts.node.end()
        await parts.backups.finish()
        await self._start.crew.disband()
        parts.login.close()
        await parts.peers.close()
        await parts.store.close()

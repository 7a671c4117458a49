"""``brookline server``: from options to a running server, and to its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from brookline.errors import InvalidInput
from brookline.security.configured import configured_users
from brookline.server import catalogue as c
from brookline.server.checks import check, port
from brookline.server.home import Home
from brookline.server.listening import doubt_about, listen, url_of
from brookline.server.logs import Origin, end_logs, start_logs
from brookline.server.loop import Standstill, new_loop
from brookline.server.memory import give_back_large_blocks
from brookline.server.settings import DEFAULT, Settings, load_settings, refuse, table
from brookline.server.start import Start
from brookline.server.stopping import Stopping
from brookline.values.clock import SystemClock
from brookline.values.crew import Crew
from brookline.values.garbage import collect_less, uncollected
from brookline.values.ids import new_id
from brookline.values.pace import SystemPace

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Mapping, Sequence

    from brookline.security.users import User
    from brookline.server.tls import Tls

log = logging.getLogger("brookline.server")


def run_server(**options: Any) -> None:
    """Run a server until it is told to end.

    Args:
        **options: Of the command line, by the setting's name with underscores; None for one that
            is not given. ``set`` is a sequence of ``key=value``.

    Raises:
        BrooklineError: If it cannot start, or cannot go on.
    """
    give_back_large_blocks()
    load = partial(_load, options)
    settings = load()
    users, faults = configured_users(settings.texts())
    refuse(faults)
    clock = SystemClock()
    home = Home.open(settings.home, SystemPace())
    try:
        _run(settings, load, home=home, users=users, clock=clock)
    finally:
        home.leave()


def _load(options: dict[str, Any]) -> Settings:
    settings = load_settings(options, os.environ)
    check(settings)
    return settings


def _run(
    settings: Settings,
    load: Callable[[], Settings],
    *,
    home: Home,
    users: Mapping[str, User],
    clock: SystemClock,
) -> None:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(sock) for sock in listen(settings[c.BIND], port(settings))]
        plain = [stack.enter_context(sock) for sock in _plain(settings)]
        tls = _tls(settings, home, clock) if settings[c.HTTPS] else None
        origin = Origin(settings.name)
        stack.callback(end_logs, _logs(settings, home, origin))
        standstill = Standstill(clock, settings[c.WRITE_WAIT])
        stopping = Stopping()
        start = Start(
            settings=settings,
            load=load,
            home=home,
            instance=new_id(),
            url=url_of(sockets[0], https=tls is not None),
            certificate=tls.fingerprint if tls else "",
            configured=users,
            clock=clock,
            crew=Crew("server", lambda _, error: stopping.fail(error)),
            stopping=stopping,
        )
        _announce(start, sockets[0])
        runner = asyncio.Runner(loop_factory=lambda: new_loop(standstill))
        context = tls.context if tls else None
        stack.enter_context(runner).run(
            _serve(start, sockets, tls=context, plain=plain, standstill=standstill, origin=origin)
        )


def _announce(start: Start, listener: socket.socket) -> None:
    """Say who runs on this home from now on, and what is odd about its settings."""
    name, home = start.settings.name, start.home
    home.claim(instance=start.instance, name=name, started_ms=start.clock.wall_ms())
    home.publish(start.url)
    for setting, value, origin in table(start.settings):
        if origin != DEFAULT:
            log.info("setting", extra={"fields": {"name": setting, "value": value, "from": origin}})
    for warning in start.settings.warnings:
        log.warning(warning)
    if not start.settings[c.NODE_ADDRESS] and (doubt := doubt_about(listener)):
        log.warning(doubt)


async def _serve(
    start: Start,
    sockets: Sequence[socket.socket],
    *,
    tls: ssl.SSLContext | None,
    plain: Sequence[socket.socket],
    standstill: Standstill,
    origin: Origin,
) -> None:
    # All that is slow to import comes in here, when clients can connect already.
    with uncollected():
        from brookline.server.server import Server  # noqa: PLC0415

        server = Server(start, sockets, tls=tls, plain=plain, standstill=standstill, origin=origin)
    collect_less()
    await server.run()


def _plain(settings: Settings) -> list[socket.socket]:
    """Return sockets that lead to those with TLS, if there are to be some."""
    if not (settings[c.HTTPS] and settings[c.HTTP]):
        return []
    return listen(settings[c.BIND], settings[c.HTTP_PORT])


def _tls(settings: Settings, home: Home, clock: SystemClock) -> Tls:
    from brookline.server.tls import given_tls, own_tls  # noqa: PLC0415 - most nodes need none

    certificate, key = settings[c.TLS_CERTIFICATE], settings[c.TLS_KEY]
    if certificate is not None and key is not None:
        return given_tls(certificate, key)
    return own_tls(home.data / "tls", settings[c.BIND], clock)


def _logs(settings: Settings, home: Home, origin: Origin) -> list[logging.Handler]:
    try:
        return start_logs(
            origin,
            level=settings[c.LOG_LEVEL].value,
            form=settings[c.LOG_FORMAT],
            file=home.log_file,
        )
    except OSError as error:
        raise InvalidInput(f"the log {home.log_file} cannot be written: {error}") from error

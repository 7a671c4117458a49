"""``brookline server``: from options to a running server, and to its end."""

from __future__ import annotations

import asyncio
import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from brookline.errors import InvalidInput
from brookline.security.configured import configured_users
from brookline.server import catalogue as c
from brookline.server.checks import check, port
from brookline.server.home import Home
from brookline.server.listening import listen, url_of
from brookline.server.logs import Origin, end_logs, start_logs
from brookline.server.loop import Standstill, new_loop
from brookline.server.memory import give_back_large_blocks
from brookline.server.settings import Settings, load_settings, refuse
from brookline.server.stopping import Stopping
from brookline.values.clock import SystemClock
from brookline.values.crew import Crew
from brookline.values.ids import new_id
from brookline.values.pace import SystemPace

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

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
    users: Any,
    clock: SystemClock,
) -> None:
    sockets = listen(settings[c.BIND], port(settings))
    tls = _tls(settings, home, clock) if settings[c.HTTPS] else None
    origin = Origin(settings.name)
    handlers = _logs(settings, home, origin)
    instance = new_id()
    url = url_of(sockets[0], https=tls is not None)
    home.claim(instance=instance, name=settings.name, started_ms=clock.wall_ms())
    home.publish(url)
    for warning in settings.warnings:
        log.warning(warning)
    standstill = Standstill(clock, settings[c.WRITE_WAIT])

    async def main() -> None:
        from brookline.server.assembly import Start  # noqa: PLC0415 - the listener is open by now
        from brookline.server.server import Server  # noqa: PLC0415

        stopping = Stopping()
        start = Start(
            settings=settings,
            load=load,
            home=home,
            instance=instance,
            url=url,
            certificate=tls.fingerprint if tls else "",
            configured=users,
            clock=clock,
            crew=Crew("server", lambda _, error: stopping.fail(error)),
            stopping=stopping,
        )
        context = tls.context if tls else None
        server = Server(start, sockets, tls=context, standstill=standstill, origin=origin)
        await server.run()

    try:
        with asyncio.Runner(loop_factory=lambda: new_loop(standstill)) as runner:
            runner.run(main())
    finally:
        _close(sockets)
        end_logs(handlers)


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


def _close(sockets: Sequence[socket.socket]) -> None:
    for sock in sockets:
        sock.close()

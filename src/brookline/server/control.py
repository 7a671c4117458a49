"""What the API may ask of the server around it: life signs, settings, reload, shutdown."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, InvalidInput
from brookline.management.context import Caller
from brookline.security.configured import configured_users
from brookline.server import catalogue as c
from brookline.server.logs import set_level
from brookline.server.store_report import read_probe
from brookline.stores.urls import shown
from brookline.wire.rest_store import StoreSummary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from brookline.api.ports import ShutdownOrder
    from brookline.management.management import Management
    from brookline.plane.node import PlaneNode
    from brookline.security.users import Users
    from brookline.server.settings import Settings
    from brookline.server.stopping import Stopping

log = logging.getLogger("brookline.server")

_STOP = "stop"


class Control:
    """The server as the API sees it.

    Attributes:
        joined: Whether the node takes part in its plane.
        started_ms: Wall time of the start.

    Args:
        node: The plane's node.
        management: For applications that are to be stopped first.
        users: Told of users that are configured anew.
        settings: Those of the start, in effect until they are read again.
        load: Reads all settings again.
        started_ms: Wall time of the start.
        stopping: The wish to end it.
        store_url: Where the store is.
        probe: File in which the report of the store's last probe is kept.
    """

    def __init__(
        self,
        node: PlaneNode,
        management: Management,
        users: Users,
        *,
        settings: Settings,
        load: Callable[[], Settings],
        started_ms: int,
        stopping: Stopping,
        store_url: str,
        probe: Path,
    ) -> None:
        self.joined = False
        self.started_ms = started_ms
        self._node = node
        self._management = management
        self._users = users
        self._settings = settings
        self._begun_with = settings
        self._load = load
        self._stopping = stopping
        self._store_url = store_url
        self._probe = probe

    @property
    def up(self) -> bool:
        """Whether start-up is complete and the server is not ending."""
        return self.joined and not self.shutting_down

    @property
    def shutting_down(self) -> bool:
        """Whether it is ending after a complete start-up."""
        return self.joined and self._stopping.begun

    @property
    def healthy(self) -> bool:
        """Whether it is up and there is nothing that people must look at."""
        return self.up and not self._node.alarm

    def store(self) -> StoreSummary:
        """Return what is known of the store."""
        return StoreSummary(shown(self._store_url), self._node.trouble, read_probe(self._probe))

    def setting(self, key: str) -> str | None:
        """Return a property of the server, without the password of a URL; or None."""
        found = self._settings.properties.get(key)
        return None if found is None else shown(found.value.strip())

    async def shutdown(self, order: ShutdownOrder) -> None:
        """Begin the end of the server: at once, for its answers are waited for anyway.

        AMP waits `order.delay_s` for that; here it would only delay the hand-over.

        Raises:
            InvalidInput: If applications had to be stopped first and could not.
        """
        if order.stop_apps_first:
            await self._stop_applications(order)
        self._stopping.begin("asked for by REST")

    async def reload(self) -> None:
        """Read the properties again; what takes effect only at the next start is logged.

        Raises:
            InvalidInput: If they cannot be read; those of before stay in effect.
        """
        fresh = await asyncio.to_thread(self._load)
        users, faults = await asyncio.to_thread(configured_users, fresh.texts())
        if faults:
            raise InvalidInput(f"users cannot be read: {faults[0]}", details="\n".join(faults))
        later = [
            setting.name
            for setting in c.SETTINGS
            if not setting.reloads and fresh[setting] != self._begun_with[setting]
        ]
        self._users.configure(users)
        set_level(fresh[c.LOG_LEVEL].value)
        self._settings = fresh
        log.info("properties read again", extra={"fields": {"at_next_start": later}})

    async def _stop_applications(self, order: ShutdownOrder) -> None:
        """Stop all applications.

        Raises:
            InvalidInput: If one cannot be stopped, or not in time, unless that was to be ignored.
        """
        caller = Caller(user=order.user)
        failed: list[str] = []
        try:
            async with asyncio.timeout(order.shutdown_timeout_s):
                for application in self._management.live.applications():
                    if _STOP not in application.EFFECTORS:
                        continue
                    task = await self._management.invoke(application, _STOP, {}, caller)
                    await task.wait(None)
                    if task.error:
                        failed.append(f"{application.name}: {task.error}")
        except TimeoutError:
            failed.append(f"not all were stopped within {order.shutdown_timeout_s:g} s")
        except BrooklineError as error:
            failed.append(error.message)
        if failed and not order.force_on_error:
            raise InvalidInput("applications could not be stopped", details="\n".join(failed))

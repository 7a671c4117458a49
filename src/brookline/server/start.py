"""What is known of a server before anything of it is begun."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from brookline.server import catalogue as c
from brookline.server import checks
from brookline.server.catalogue import PersistMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brookline.security.provider import Provider
    from brookline.security.users import User
    from brookline.server.home import Home
    from brookline.server.settings import Settings
    from brookline.server.stopping import Stopping
    from brookline.values.clock import Clock
    from brookline.values.crew import Crew


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is known before anything is begun.

    Attributes:
        settings: In effect.
        load: Reads them again.
        home: Locked.
        instance: Id of this start.
        url: Where the server listens.
        certificate: SHA-256 of its TLS certificate, or empty.
        configured: Users of the node's own properties.
        clock: Time.
        crew: Owns what runs in the background.
        stopping: The wish to end it.
    """

    settings: Settings
    load: Callable[[], Settings]
    home: Home
    instance: str
    url: str
    certificate: str
    configured: Mapping[str, User]
    clock: Clock
    crew: Crew
    stopping: Stopping

    @property
    def provider(self) -> Provider:
        """Who may log in."""
        return checks.provider(self.settings)

    @property
    def store_url(self) -> str:
        """Where the plane's store is; may hold a password."""
        if self.settings[c.PERSIST] is PersistMode.DISABLED:
            return f"memory:{self.instance}"
        return checks.store_url(self.settings)

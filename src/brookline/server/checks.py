"""What settings must not say together, and what follows from several of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.errors import InvalidInput
from brookline.plane.settings import PlaneSettings
from brookline.plane.states import Mode
from brookline.security.provider import Provider
from brookline.server import catalogue as c
from brookline.server import store_location
from brookline.server.catalogue import PersistMode
from brookline.server.settings import DEFAULT, refuse
from brookline.values.addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brookline.server.settings import Settings
    from brookline.values.ports import PortRange

_STANDBYS = (Mode.STANDBY, Mode.HOT_STANDBY, Mode.HOT_BACKUP)


def check(settings: Settings) -> None:
    """Refuse settings that do not go together.

    Raises:
        InvalidInput: Names all that is wrong.
    """
    refuse([*_modes(settings), *_places(settings), *_listening(settings), *_timing(settings)])


def start_mode(settings: Settings) -> Mode:
    """Return the mode to start in: without persistence there is nobody to share with.

    Source: AMP, where AUTO becomes DISABLED when nothing is kept.
    """
    kept = settings[c.PERSIST] is not PersistMode.DISABLED
    return settings[c.HA] if kept else Mode.DISABLED


def provider(settings: Settings) -> Provider:
    """Return who may log in."""
    return Provider.ANYONE if settings[c.NO_CONSOLE_SECURITY] else settings[c.SECURITY_PROVIDER]


def port(settings: Settings) -> PortRange:
    """Return the ports to try to listen on."""
    given = settings[c.PORT]
    if given is not None:
        return given
    return settings[c.SECURE_PORT] if settings[c.HTTPS] else settings[c.HTTP_PORT]


def store_url(settings: Settings) -> str:
    """Return where the nodes of the plane keep it; may hold a password.

    Raises:
        ValueError: If persistenceLocation is no store for a plane; `check` has refused it.
    """
    given, base = settings[c.PERSISTENCE_DIR], settings[c.BASE_DIR]
    location = settings[c.PERSISTENCE_LOCATION]
    if not store_location.is_folder(location):
        container = "" if given is None else given.text
        return store_location.url_of(location, container, settings.texts())
    if given is not None:
        return given.url
    if base is not None:
        return str(base / "brooklyn-persisted-state")
    return str(settings.home / "data" / "persisted-state")


def plane_settings(settings: Settings) -> PlaneSettings:
    """Return the settings of the plane's node.

    Raises:
        InvalidInput: If its rules could not work under them.
    """
    return PlaneSettings(
        poll_s=settings[c.HA_POLL],
        timeout_s=settings[c.HA_TIMEOUT],
        write_wait_s=settings[c.WRITE_WAIT],
        persist_period_s=settings[c.PERSIST_PERIOD],
        fast_failover=settings[c.FAST_FAILOVER],
        unreached_s=settings[c.HA_UNREACHED],
        standby_is_hot=settings[c.STANDBY_IS_HOT],
        forget_s=settings[c.HA_FORGET] or PlaneSettings().forget_s,
    )


def _modes(settings: Settings) -> Iterator[str]:
    persist, mode = settings[c.PERSIST], settings[c.HA]
    if persist is PersistMode.DISABLED and mode not in (Mode.AUTO, Mode.DISABLED):
        yield (
            f"highAvailabilityMode {mode.value} needs a store, and persistMode is DISABLED:"
            " leave one of them at AUTO"
        )
    if persist is PersistMode.CLEAN and mode in _STANDBYS:
        yield (
            f"persistMode CLEAN needs a node that may lead, and highAvailabilityMode is"
            f" {mode.value}: use AUTO or MASTER"
        )


def _places(settings: Settings) -> Iterator[str]:
    try:
        store_url(settings)
    except ValueError as error:
        yield f"{settings.origins[c.PERSISTENCE_LOCATION]}: {error}"
    if (settings[c.TLS_CERTIFICATE] is None) is not (settings[c.TLS_KEY] is None):
        yield "brookline.tls.certificate and brookline.tls.key belong together: give both"


def _listening(settings: Settings) -> Iterator[str]:
    wide = [address for address in settings[c.BIND] if not is_loopback(address)]
    if wide and provider(settings) is Provider.ANYONE:
        yield (
            f"without a login this node listens on loopback only, and {', '.join(wide)} is not:"
            " use the security provider 'users', or leave out the address"
        )

    if not (settings[c.HTTPS] or settings[c.HTTP] or settings.origins[c.HTTP] == DEFAULT):
        yield f"{settings.origins[c.HTTP]}: without TLS either, this node would not listen at all"


def _timing(settings: Settings) -> Iterator[str]:
    try:
        plane_settings(settings)
    except InvalidInput as error:
        yield error.message

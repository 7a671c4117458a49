"""REST resource: the server. Version, life signs, settings, shutdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api import masking
from brookline.api.answers import NO_CONTENT, Answer, json
from brookline.api.calls import whole_number
from brookline.api.plane_view import ha_summary
from brookline.api.ports import ShutdownOrder
from brookline.api.routes import Param, Place, read, write
from brookline.errors import InvalidInput, NotAllowed
from brookline.values.durations import Duration
from brookline.version import VERSION
from brookline.wire.rest_server import SensitiveFields, UpExtended, VersionSummary
from brookline.wire.rest_store import StoreSummary

if TYPE_CHECKING:
    from brookline.api.calls import Call


async def get_version(_call: Call) -> Answer:
    """Return the version of the product."""
    return json(VersionSummary(VERSION, None, None, []))


async def get_up(call: Call) -> Answer:
    """Tell whether start-up is complete."""
    return json(call.ports.control.up)


async def get_healthy(call: Call) -> Answer:
    """Tell whether the server is up and has recorded no errors."""
    return json(call.ports.control.healthy)


async def get_shutting_down(call: Call) -> Answer:
    """Tell whether the server is ending."""
    return json(call.ports.control.shutting_down)


async def get_up_extended(call: Call) -> Answer:
    """Return all life signs and the plane, for the pages of the web console."""
    control = call.ports.control
    return json(
        UpExtended(
            up=control.up,
            shutting_down=control.shutting_down,
            healthy=control.healthy,
            ha=ha_summary(call.ports),
            osgi_up=control.up,
            sensitive_fields=SensitiveFields(list(masking.TOKENS)),
        )
    )


async def get_plane_id(call: Call) -> Answer:
    """Return the id of the plane, as bare text."""
    return Answer(200, call.ports.node.plane_id.encode())


async def get_store(call: Call) -> Answer:
    """Return where the store is, whether it answers, and what its last probe found."""
    return json(call.ports.control.store())


async def get_user(call: Call) -> Answer:
    """Return who is logged in."""
    return json(call.user) if call.user else NO_CONTENT


async def get_config(call: Call) -> Answer:
    """Return a property of the server."""
    key = call.path["key"]
    value = call.ports.control.setting(key)
    if value is None:
        return NO_CONTENT
    return json(masking.suppressed(key, value) if call.flag("suppressSecrets") else value)


async def reload_properties(call: Call) -> Answer:
    """Read the properties of the server again."""
    await call.ports.control.reload()
    return NO_CONTENT


async def shutdown(call: Call) -> Answer:
    """End the server, handing over first if it leads."""
    form = {**call.query, **call.form()}
    order = ShutdownOrder(
        user=call.user,
        stop_apps_first=_yes(form, "stopAppsFirst"),
        force_on_error=_yes(form, "forceShutdownOnError"),
        shutdown_timeout_s=_seconds(form, "shutdownTimeout", 20.0),
        request_timeout_s=_seconds(form, "requestTimeout", 20.0),
        delay_s=_delay_s(form),
    )
    if order.stop_apps_first and not call.ports.node.leads():
        raise NotAllowed("only the master can stop the applications first")
    await call.ports.control.shutdown(order)
    return NO_CONTENT


def _yes(form: dict[str, str], name: str) -> bool:
    return form.get(name, "").strip().lower() == "true"


def _delay_s(form: dict[str, str]) -> float:
    millis = form.get("delayMillis", "").strip()
    if millis:
        return whole_number("delayMillis", millis) / 1000
    return _seconds(form, "delayForHttpReturn", 5.0)


def _seconds(form: dict[str, str], name: str, default: float) -> float:
    text = form.get(name, "").strip()
    if not text:
        return default
    try:
        return Duration.of(text).seconds
    except ValueError as fault:
        raise InvalidInput(f"{name}: {fault}") from fault


_SHUTDOWN = tuple(
    Param(name, kind, default, form=True)
    for name, kind, default in (
        ("stopAppsFirst", bool, False),
        ("forceShutdownOnError", bool, False),
        ("shutdownTimeout", str, "20s"),
        ("requestTimeout", str, "20s"),
        ("delayForHttpReturn", str, "5s"),
        ("delayMillis", int, None),
    )
)


OPERATIONS = (
    read("/server/version", get_version, returns=VersionSummary, place=Place.ANY),
    read("/server/up", get_up, returns=bool, place=Place.ANY),
    read("/server/up/extended", get_up_extended, returns=UpExtended, place=Place.ANY),
    read("/server/healthy", get_healthy, returns=bool, place=Place.ANY),
    read("/server/shuttingDown", get_shutting_down, returns=bool, place=Place.ANY),
    read("/server/planeid", get_plane_id, returns=str, place=Place.ANY),
    read("/server/store", get_store, returns=StoreSummary, place=Place.ANY, beyond=True),
    read("/server/user", get_user, returns={200: str, 204: None}, place=Place.ANY),
    read(
        "/server/config/{key}",
        get_config,
        returns={200: str, 204: None},
        place=Place.ANY,
        params=(Param("suppressSecrets", bool, default=False),),
    ),
    write(
        "POST /server/properties/reload", reload_properties, returns={204: None}, place=Place.HERE
    ),
    write(
        "POST /server/shutdown", shutdown, returns={204: None}, place=Place.HERE, params=_SHUTDOWN
    ),
)

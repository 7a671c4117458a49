"""Assembly: where concrete classes meet."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import socket
from functools import partial
from typing import TYPE_CHECKING

from brookline.api.app import Api
from brookline.api.peers import HttpPeers
from brookline.api.ports import Ports
from brookline.api.settings import ApiSettings
from brookline.api.tree import Tree
from brookline.journal.rules import ALL_RULES
from brookline.locations.kinds import Locations
from brookline.locations.localhost import Localhost
from brookline.management.backups import Backups, BackupSettings
from brookline.management.building import build
from brookline.management.persistence import Persistence
from brookline.model.types import installed_types
from brookline.operations.retention import Limits
from brookline.operations.streams import Streams
from brookline.plane.heart import LocalPulse
from brookline.plane.identity import Identity
from brookline.plane.node import PlaneNode
from brookline.plane.states import Mode
from brookline.security import session_keys
from brookline.security.first_user import FirstUser
from brookline.security.login import Login
from brookline.security.node_keys import NodeKey
from brookline.security.provider import Provider
from brookline.security.sessions import Sessions, SessionTimes
from brookline.security.users import Users
from brookline.server import backup_settings as b
from brookline.server import catalogue as c
from brookline.server import checks
from brookline.server.catalogue import PersistMode
from brookline.server.control import Control
from brookline.server.heart_thread import HeartThread
from brookline.server.joining import PROBE, Joining
from brookline.server.late_store import LateStore
from brookline.server.lock import boot_id, proved_dead
from brookline.server.plane_tenant import ServerTenant
from brookline.stores.registry import open_store
from brookline.stores.urls import shown
from brookline.values.ids import SYSTEM_RANDOM
from brookline.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.journal.records import View
    from brookline.management.building import Built
    from brookline.management.tenant import ManagementTenant
    from brookline.plane.heart import Pulse
    from brookline.server.settings import Settings
    from brookline.server.start import Start
    from brookline.stores.store import Store
    from brookline.wire.changes import Change
    from brookline.wire.heartbeats import Heartbeat

    Connect = Callable[[], Awaitable[Store]]

log = logging.getLogger("brookline.server")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A server whose parts are made, and not begun."""

    node: PlaneNode
    tenant: ManagementTenant
    api: Api
    control: Control
    users: Users
    login: Login
    first_user: FirstUser
    joining: Joining
    peers: HttpPeers
    store: LateStore
    backups: Backups


def assemble(start: Start) -> Assembly:
    """Make the parts of a server and put them together."""
    settings, home, clock = start.settings, start.home, start.clock
    connect = partial(open_store, start.store_url, clock)
    store, key = LateStore(connect), NodeKey()
    peers = HttpPeers(start.instance, key, clock=clock, proved_dead=_proved_dead)
    first_user = FirstUser(
        home.password_file, wanted=start.provider is Provider.USERS and not start.configured
    )
    built = _management(start)
    pulse, identity = _pulse(start, connect, store), _identity(start, key)
    node = _node(
        start, store, peers,
        identity=identity, pulse=pulse, built=built, first_user=first_user,
    )  # fmt: skip
    built.outlet.plug(node)
    users = Users(start.configured, view=_view_once_read(node), copy=home.data / "users.json")
    login = Login(users, clock=clock, provider=start.provider)
    sessions = Sessions(
        users, view=_view_once_read(node), clock=clock, times=_session_times(start.settings)
    )
    control = Control(
        node, built.management, users,
        settings=settings, load=start.load, started_ms=clock.wall_ms(), stopping=start.stopping,
        store_url=start.store_url, probe=home.data / PROBE,
    )  # fmt: skip
    joining = Joining(
        node, home,
        url=start.store_url, connect=connect, persist=settings[c.PERSIST], clock=clock,
    )  # fmt: skip
    return Assembly(
        node=node,
        tenant=built.tenant,
        api=Api(
            _ports(
                start, node, built,
                peers=peers, login=login, sessions=sessions, control=control,
            )
        ),
        control=control, users=users, login=login, first_user=first_user, joining=joining,
        peers=peers, store=store, backups=Backups(node, clock, _backup_settings(start)),
    )  # fmt: skip


def _management(start: Start) -> Built:
    clock = start.clock
    streams = Streams(start.home.data / "streams")
    return build(
        installed_types(), Locations([Localhost(clock)]),
        streams=streams, clock=clock, limits=_task_limits(start.settings),
        noticed_s=2 * start.settings[c.HA_TIMEOUT],
    )  # fmt: skip


def _node(
    start: Start,
    store: Store,
    peers: HttpPeers,
    *,
    identity: Identity,
    pulse: Pulse,
    built: Built,
    first_user: FirstUser,
) -> PlaneNode:
    clean = start.settings[c.PERSIST] is PersistMode.CLEAN
    node: PlaneNode = PlaneNode(
        store,
        peers,
        clock=start.clock,
        randomness=SYSTEM_RANDOM,
        identity=identity,
        settings=checks.plane_settings(start.settings),
        tenant=ServerTenant(
            built.tenant,
            first_user,
            keys=_session_keys(start),
            records=(lambda: node.replica.records) if clean else None,
        ),
        pulse=pulse,
        mode=_mode(start.settings),
    )
    return node


def _ports(
    start: Start,
    node: PlaneNode,
    built: Built,
    *,
    peers: HttpPeers,
    login: Login,
    sessions: Sessions,
    control: Control,
) -> Ports:
    return Ports(
        node=node,
        others=peers,
        management=built.management,
        herald=built.herald,
        logins=login,
        sessions=sessions,
        control=control,
        persistence=Persistence(node, start.clock),
        clock=start.clock,
        crew=start.crew,
        tree=Tree(start.clock),
        settings=_api_settings(start.settings),
    )


def _identity(start: Start, key: NodeKey) -> Identity:
    settings, home = start.settings, start.home
    return Identity(
        instance=start.instance,
        name=settings.name,
        home=home.id,
        former=home.former,
        home_path=str(home.path),
        boot=boot_id(),
        host=socket.gethostname(),
        address=settings[c.NODE_ADDRESS] or start.url,
        uri=settings[c.PUBLIC_ADDRESS] or start.url,
        version=VERSION,
        pid=os.getpid(),
        public_key=key.public,
        # A proxy in front has a certificate of its own, which its machine vouches for.
        certificate="" if settings[c.NODE_ADDRESS] else start.certificate,
    )


def _mode(settings: Settings) -> Mode:
    """Return the mode for the plane's node.

    A start without high availability leads alone, and a clean one must: both refuse a living
    master, as MASTER does.
    """
    mode = checks.start_mode(settings)
    clean = settings[c.PERSIST] is PersistMode.CLEAN
    return Mode.MASTER if clean or mode is Mode.DISABLED else mode


def _pulse(start: Start, connect: Connect, store: Store) -> Pulse:
    poll_s = start.settings[c.HA_POLL]
    if start.settings[c.PERSIST] is PersistMode.DISABLED:
        # The process's own memory is no store for two threads, and cannot hang.
        return LocalPulse(store, start.clock, poll_s=poll_s, rules=ALL_RULES)
    return HeartThread(
        connect, start.clock, poll_s=poll_s, rules=ALL_RULES, fail=start.stopping.fail
    )


def _backup_settings(start: Start) -> BackupSettings | None:
    """Return where backups go; None if there are none, as where nothing is kept."""
    settings = start.settings
    if not settings[b.BACKUPS] or settings[c.PERSIST] is PersistMode.DISABLED:
        return None
    return BackupSettings(
        folder=settings[b.BACKUPS_DIR] or start.home.data / "backups",
        kept=settings[b.BACKUPS_KEPT],
        most_bytes=settings[b.BACKUPS_SIZE],
        source=shown(start.store_url),
    )


def _view_once_read(node: PlaneNode) -> Callable[[], View | None]:
    def view() -> View | None:
        # Half of the log would say of a user, or of a session, that there is none.
        return node.replica.records if node.has_read and node.replica.seq else None

    return view


def _task_limits(settings: Settings) -> Limits:
    return Limits(
        per_name=settings[c.TASKS_PER_NAME],
        per_entity=settings[c.TASKS_PER_ENTITY],
        total=settings[c.TASKS_TOTAL],
        total_bytes=settings[c.TASKS_SIZE],
        undecided=settings[c.TASKS_UNDECIDED],
        age_s=settings[c.TASK_AGE],
        period_s=settings[c.TASK_PERIOD],
    )


def _session_times(settings: Settings) -> SessionTimes:
    return SessionTimes(idle_s=settings[c.SESSION_IDLE], age_s=settings[c.SESSION_AGE])


def _session_keys(start: Start) -> Callable[[View], list[Change]]:
    age_ms = round(start.settings[c.SESSION_AGE] * 1000)
    return lambda view: session_keys.due(view, start.clock.wall_ms(), age_ms)


def _api_settings(settings: Settings) -> ApiSettings:
    return ApiSettings(
        non_master_writes=settings[c.NON_MASTER_WRITES],
        poll_s=settings[c.HA_POLL],
        timeout_s=settings[c.HA_TIMEOUT],
        sequence_wait_s=settings[c.WRITE_WAIT],
        events_clients=settings[c.EVENTS_CLIENTS],
        events_beat_s=settings[c.EVENTS_BEAT],
    )


async def _proved_dead(heartbeat: Heartbeat) -> bool:
    return await asyncio.to_thread(proved_dead, heartbeat)

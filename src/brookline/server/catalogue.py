"""Every setting that has an effect, in one table.

Source of the keys: Cloudsoft AMP's and Apache Brooklyn's documents; keys that begin with
``brookline.`` are ours.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brookline.api.settings import ApiSettings, NonMasterWrites
from brookline.operations.retention import Limits
from brookline.plane.settings import PlaneSettings
from brookline.plane.states import Mode
from brookline.security.provider import Provider, provider_of
from brookline.security.sessions import SessionTimes
from brookline.server import backup_settings, kinds
from brookline.server.kinds import Kind
from brookline.server.setting import Setting
from brookline.values.ports import PortRange
from brookline.values.sizes import Size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.server.place import Place


class PersistMode(enum.Enum):
    """What a start does with state that is there already. Source: AMP's `persistMode`."""

    DISABLED = "DISABLED"
    """Nothing is kept: the store is the process's memory."""

    AUTO = "AUTO"
    """Go on with what is there, else begin."""

    REBIND = "REBIND"
    """Go on with what is there, or refuse."""

    CLEAN = "CLEAN"
    """Forget what is there."""


class LogFormat(enum.Enum):
    """Form of a log line."""

    TEXT = "TEXT"
    JSON = "JSON"


class LogLevel(enum.Enum):
    """The least level that is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


_PLANE = PlaneSettings()
_TASKS = Limits()
_API = ApiSettings()
_SESSIONS = SessionTimes()

HOME = Setting(
    "home", kinds.PATH, Path(), "Folder of this node: its files, and where pid.txt is written."
)
NAME = Setting(
    "name", kinds.NODE_NAME, "", "Name of this node; the home folder's, else.", ("brookline.name",)
)

PORT: Setting[PortRange | None] = Setting(
    "port",
    kinds.PORTS,
    None,
    "Port to listen on: 8081, or 8443 with --https; 0 for any that is free, 8081+ to try several.",
    ("brooklyn.webconsole.port",),
    ("-p",),
)
HTTP_PORT = Setting(
    "http-port",
    kinds.PORTS,
    PortRange.of(8081),
    "Port to listen on without TLS, unless --port is given; always that of --http.",
    ("org.osgi.service.http.port",),
)
SECURE_PORT = Setting(
    "secure-port",
    kinds.PORTS,
    PortRange.of(8443),
    "Port to listen on with --https, unless --port is given.",
    ("org.osgi.service.http.port.secure",),
)
HTTPS = Setting(
    "https",
    kinds.FLAG,
    False,  # noqa: FBT003 - a default stands here
    "Listen with TLS; a certificate is made at the first start unless one is given.",
    ("brooklyn.webconsole.security.https.required", "org.osgi.service.http.secure.enabled"),
)
HTTP = Setting(
    "http",
    kinds.FLAG,
    False,  # noqa: FBT003 - a default stands here
    "With --https: listen without TLS too, on --http-port, and lead clients to the port with TLS.",
    ("org.osgi.service.http.enabled",),
)
TLS_CERTIFICATE: Setting[Path | None] = Setting(
    "tls-certificate",
    kinds.PATH,
    None,
    "PEM file with the certificate and its chain.",
    ("brookline.tls.certificate",),
)
TLS_KEY: Setting[Path | None] = Setting(
    "tls-key", kinds.PATH, None, "PEM file with the certificate's key.", ("brookline.tls.key",)
)
BIND = Setting(
    "bind",
    kinds.ADDRESSES,
    ("127.0.0.1",),
    "Addresses to listen on, with commas between; others than loopback only with login required.",
    ("brookline.bindAddress", "org.ops4j.pax.web.listening.addresses"),
    ("-b", "--bindAddress"),
)
PUBLIC_ADDRESS = Setting(
    "public-address",
    kinds.URL,
    "",
    "Where users reach this node, if it is not where it listens.",
    ("brookline.publicAddress",),
    ("--publicAddress",),
)
NODE_ADDRESS = Setting(
    "node-address",
    kinds.URL,
    "",
    "Where other nodes reach this node, if it is not where it listens.",
    ("brookline.nodeAddress",),
)

PERSIST = Setting(
    "persist",
    kinds.choice(PersistMode, "AUTO"),
    PersistMode.AUTO,
    "What to do with state that is there: go on or begin, only go on, forget it, or keep nothing.",
    ("persistMode",),
)
PERSISTENCE_DIR: Setting[Place | None] = Setting(
    "persistence-dir",
    kinds.PLACE,
    None,
    "Folder that all nodes of a plane share, or the URL of its store; in the home, else.",
    ("persistenceDir", "brooklyn.persistence.dir"),
    ("--persistenceDir",),
)
PERSISTENCE_LOCATION = Setting(
    "persistence-location",
    kinds.TEXT,
    "",
    "Object store of AMP's properties, which has the plane in the bucket of persistenceDir.",
    ("persistenceLocation", "brooklyn.persistence.location.spec"),
    ("--persistenceLocation",),
)
PERSIST_PERIOD = Setting(
    "persist-period",
    kinds.SECONDS,
    _PLANE.persist_period_s,
    "How long readings of sensors are gathered before they are written.",
    ("persistPeriod",),
)
BASE_DIR: Setting[Path | None] = Setting(
    "base-dir",
    kinds.PATH,
    None,
    "Folder in which the state is kept if no other is named.",
    ("brooklyn.base.dir",),
)

HA = Setting(
    "ha",
    kinds.choice(Mode, "AUTO"),
    Mode.AUTO,
    "What this node is at its start.",
    ("highAvailabilityMode",),
    ("--highAvailability",),
)
HA_POLL = Setting(
    "ha-poll",
    kinds.SECONDS,
    _PLANE.poll_s,
    "Time between heartbeats, and between looks at the others.",
    ("brooklyn.ha.pollPeriod",),
)
HA_TIMEOUT = Setting(
    "ha-timeout",
    kinds.SECONDS,
    _PLANE.timeout_s,
    "Silence after which a master is replaced.",
    ("brooklyn.ha.heartbeatTimeout",),
)
HA_FORGET = Setting(
    "ha-forget",
    kinds.SECONDS,
    0.0,
    "How long a node that is gone stays listed; 0 for the default of an hour.",
    ("brooklyn.ha.timeoutForInactiveNodeRemovalOnStartup",),
)
FAST_FAILOVER = Setting(
    "fast-failover",
    kinds.FLAG,
    _PLANE.fast_failover,
    "Replace a master at once whose process is known to be gone.",
    ("brooklyn.ha.fastFailover",),
)
HA_UNREACHED = Setting(
    "ha-unreached",
    kinds.SECONDS,
    _PLANE.unreached_s,
    "A master hands over that most other nodes, at least two, have not reached for so long; 0: never.",
    ("brookline.ha.unreachedTimeout",),
)
STANDBY_IS_HOT = Setting(
    "standby-is-hot",
    kinds.FLAG,
    _PLANE.standby_is_hot,
    "Whether a node in mode AUTO that does not lead keeps a copy that can be read.",
    ("brooklyn.experimental.feature.defaultStandbyIsHot",),
)
WRITE_WAIT = Setting(
    "write-wait",
    kinds.SECONDS,
    _PLANE.write_wait_s,
    "How long a write is held while nobody leads.",
    ("brookline.writeWait",),
)
NON_MASTER_WRITES = Setting(
    "non-master-writes",
    kinds.choice(NonMasterWrites, "forward"),
    NonMasterWrites.FORWARD,
    "What a node that does not lead does with a write.",
    ("brookline.nonMasterWrites",),
)

EVENTS_CLIENTS = Setting(
    "events-clients",
    kinds.COUNT,
    _API.events_clients,
    "How many clients may listen to this node's stream of events at the same time.",
    ("brookline.events.clients",),
)
EVENTS_BEAT = Setting(
    "events-beat",
    kinds.PERIOD,
    _API.events_beat_s,
    "How often the stream of events says that the connection lives.",
    ("brookline.events.beat",),
)

TASK_PERIOD = Setting(
    "task-period",
    kinds.PERIOD,
    _TASKS.period_s,
    "How often the master looks for ended tasks that are to be forgotten.",
    ("brooklyn.gc.period",),
)
TASKS_PER_NAME = Setting(
    "tasks-per-name",
    kinds.COUNT,
    _TASKS.per_name,
    "How many ended tasks of one name about one entity are kept.",
    ("brooklyn.gc.maxTasksPerName",),
)
TASKS_PER_ENTITY = Setting(
    "tasks-per-entity",
    kinds.COUNT,
    _TASKS.per_entity,
    "How many ended tasks about one entity are kept.",
    ("brooklyn.gc.maxTasksPerEntity",),
)
TASKS_TOTAL = Setting(
    "tasks-total",
    kinds.COUNT,
    _TASKS.total,
    "How many ended tasks are kept at all, parts included.",
    ("brooklyn.gc.maxTasksGlobal",),
)
TASKS_SIZE = Setting(
    "tasks-size",
    kinds.SIZE,
    Size(_TASKS.total_bytes),
    "How large the records and streams of the ended tasks that are kept may be together.",
    ("brookline.tasks.size",),
)
TASKS_UNDECIDED = Setting(
    "tasks-undecided",
    kinds.COUNT,
    _TASKS.undecided,
    "How many interrupted operations are kept that wait for a decision, however old and large.",
    ("brookline.tasks.undecided",),
)
TASK_AGE = Setting(
    "task-age",
    kinds.SECONDS,
    _TASKS.age_s,
    "How long a task is kept after its end.",
    ("brooklyn.gc.maxTaskAge",),
)

GLOBAL_PROPERTIES: Setting[Path | None] = Setting(
    "global-properties",
    kinds.PATH,
    None,
    "Properties file used instead of ~/.brooklyn/brooklyn.properties.",
    ("globalBrooklynPropertiesFile",),
)
NO_GLOBAL_PROPERTIES = Setting(
    "no-global-properties",
    kinds.FLAG,
    False,  # noqa: FBT003 - a default stands here
    "Do not read ~/.brooklyn/brooklyn.properties.",
    (),
    ("--noGlobalBrooklynProperties",),
)
LOCAL_PROPERTIES: Setting[Path | None] = Setting(
    "local-properties",
    kinds.PATH,
    None,
    "Properties file that comes before all others.",
    ("localBrooklynPropertiesFile",),
    ("--localBrooklynProperties",),
)

SECURITY_PROVIDER = Setting(
    "security-provider",
    Kind(provider_of, "users", "users|anyone|nobody"),
    Provider.USERS,
    "Who may log in: users, anyone (on loopback only) or nobody.",
    ("brooklyn.webconsole.security.provider",),
)
NO_CONSOLE_SECURITY = Setting(
    "no-console-security",
    kinds.FLAG,
    False,  # noqa: FBT003 - a default stands here
    "Let anyone in without a login; on loopback only.",
    (),
    ("--noConsoleSecurity",),
)
SESSION_IDLE = Setting(
    "session-idle",
    kinds.BARE_SECONDS,
    _SESSIONS.idle_s,
    "How long a session of a browser lasts after its last request; a bare number is seconds here.",
    ("brookline.session.idle", "org.apache.brooklyn.server.maxInactiveInterval"),
)
SESSION_AGE = Setting(
    "session-age",
    kinds.BARE_SECONDS,
    _SESSIONS.age_s,
    "How long a session lasts in all; a bare number is seconds here.",
    ("brookline.session.age", "org.apache.brooklyn.server.maxSessionAge"),
)
LOG_LEVEL = Setting(
    "log-level",
    kinds.choice(LogLevel, "info"),
    LogLevel.INFO,
    "The least level that is logged.",
    ("brookline.log.level",),
    reloads=True,
)
LOG_FORMAT = Setting(
    "log-format",
    kinds.choice(LogFormat, "text"),
    LogFormat.TEXT,
    "Form of the lines of the log.",
    ("brookline.log.format",),
)

SETTINGS: Sequence[Setting[Any]] = tuple(
    value
    for value in [*globals().values(), *vars(backup_settings).values()]
    if isinstance(value, Setting)
)
"""All of them, in the order in which they stand above; those of backups come last."""

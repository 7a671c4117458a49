"""Shapes of the REST API that tell of the server and of the plane; the others are in `rest`.

Source: the DTOs of Apache Brooklyn's REST API, version 1.1.0. Fields beyond them are marked.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from brookline.wire.rest import Links, Shape


class VersionSummary(Shape, frozen=True):
    """The product."""

    version: str
    build_sha1: str | None
    build_branch: str | None
    features: list[dict[str, Any]]


class AccessSummary(Shape, frozen=True):
    """What is allowed on the plane as a whole."""

    location_provisioning_allowed: bool
    links: Links


class HaNodeSummary(Shape, frozen=True):
    """A node as the one that answers sees it.

    The fields up to `priority` are AMP's; the others go beyond them.

    Attributes:
        remote_timestamp: Wall time of the answering node when the other's counter last rose.
        next: Rank in the next election, from 0; None for one that does not stand.
        lag_ms: How long ago its copy was last known to be current.
        alarm: What is wrong with it, for people, or empty.
        reaches_master: Whether it reaches the master at its address; None if it does not try, as the
            master itself, or has not said so yet.
    """

    node_id: str
    node_uri: str | None
    status: str
    local_timestamp: int | None
    remote_timestamp: int | None
    priority: int
    name: str
    host: str
    mode: str
    version: str
    epoch: int
    tail: int
    heartbeat_age_ms: int | None
    lag_ms: int | None
    ready: bool
    next: int | None
    address: str
    this_node: bool
    is_master: bool
    leaving: bool
    alarm: str
    reaches_master: bool | None


class PlannedSwitchover(Shape, frozen=True):
    """A hand-over that is to be done at a time.

    Attributes:
        at_utc: When, in milliseconds since 1970.
        to: Name or instance id of who shall lead; empty for the next in line.
        by: Who wants it; empty without login.
        reason: Why; may be empty.
        failed: Why it was not done, once that is so.
    """

    at_utc: int
    to: str
    by: str
    reason: str
    failed: str | UnsetType = UNSET


class HighAvailabilitySummary(Shape, frozen=True):
    """The plane as the answering node sees it.

    Attributes:
        heartbeat_timeout_ms: Silence after which a master is replaced; not in AMP.
        planned: The hand-over that is planned, or null; not in AMP.
        non_master_writes: What the answering node does with a write while it does not lead:
            ``forward``, ``redirect`` or ``refuse``; not in AMP.
    """

    plane_id: str | None
    own_id: str
    master_id: str
    nodes: dict[str, HaNodeSummary]
    links: Links
    heartbeat_timeout_ms: int
    planned: PlannedSwitchover | None = None
    non_master_writes: str = ""


class Mastership(Shape, frozen=True):
    """One mastership in the history of the plane; times are milliseconds."""

    epoch: int
    node: str
    name: str
    reason: str
    started_utc: int
    from_: str = msgspec.field(name="from", default="")
    evidence: str = ""
    detect_ms: int = 0
    elect_ms: int = 0
    replay_ms: int = 0
    guess: bool = False
    interrupted: list[str] = msgspec.field(default_factory=list)
    active_utc: int | None = None
    ended_utc: int | None = None
    end_reason: str | None = None


class SensitiveFields(Shape, frozen=True):
    """Which words in a name make its value a secret."""

    tokens: list[str]
    plaintext_blocked: bool = msgspec.field(name="plaintext.blocked", default=False)


class UpExtended(Shape, frozen=True):
    """What every page of the web UI asks for now and then."""

    up: bool
    shutting_down: bool
    healthy: bool
    ha: HighAvailabilitySummary
    osgi_up: bool
    sensitive_fields: SensitiveFields = msgspec.field(name="brooklyn.security.sensitive.fields")


class StateChange(Shape, frozen=True):
    """One change of a node's state."""

    state: str
    timestamp: int


class HaFigures(Shape, frozen=True):
    """The settings and recent states of a node."""

    priority: int
    poll_period: int
    heartbeat_timeout: int
    history: list[StateChange]


class Figures(Shape, frozen=True):
    """How often something was done, and when it last was; times are milliseconds."""

    count: int
    last_success_time_utc: int | None = None
    last_success_time_millis_since: int | None = None
    last_duration: int | None = None
    failure_count: int = 0
    error_messages: list[str] = msgspec.field(default_factory=list)


class HaMetrics(Shape, frozen=True):
    """Figures of a node; times are milliseconds."""

    state: str
    uptime: int
    current_time_utc: int
    start_time_utc: int
    high_availability: HaFigures
    rebind: Figures
    persist: Figures
    first_rebind_counts: dict[str, Any] = msgspec.field(default_factory=dict)
    management_state_persistence: dict[str, Figures] = msgspec.field(default_factory=dict)
    epoch: int = 0
    sequence: int = 0


class LogoutSummary(Shape, frozen=True):
    """What a log-out says."""

    message: str
    current_user: str | None
    session_id: str | None
    requested_user: str | UnsetType = UNSET


class SessionSummary(Shape, frozen=True):
    """A session, for the page that has it; times are milliseconds.

    Attributes:
        csrf: To be sent along with changes.
        pass_: For other nodes of the plane, for `pass_ms`.
        idle_ms: It ends so long after the last request.
        ends_ms: It ends then in any case, as wall time.
        renew_ms: How often a page that stays open has to ask for it.
    """

    user: str
    plane: str
    node: str
    csrf: str
    pass_: str = msgspec.field(name="pass")
    pass_ms: int
    idle_ms: int
    ends_ms: int
    issued_ms: int
    renew_ms: int


class ImportSummary(Shape, frozen=True):
    """What an import added; AMP answers with no body.

    Attributes:
        applications: Names by id.
        entities: How many, the applications among them.
        passed_over: How many records were not taken, by kind.
        plane_id: Of the plane that was exported.
        sequence: The last entry of that plane which the export contains.
    """

    applications: dict[str, str]
    entities: int
    locations: int
    passed_over: dict[str, int]
    plane_id: str
    sequence: int

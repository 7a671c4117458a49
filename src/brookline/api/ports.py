"""What the API asks of the rooms below it and of the server around it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol

from brookline.api.settings import ApiSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.api.node_port import Node
    from brookline.api.tree import Tree
    from brookline.management.context import Asking
    from brookline.management.herald import Herald
    from brookline.management.interruptions import Interruptions
    from brookline.management.outputs import Outputs
    from brookline.management.persistence import Persistence
    from brookline.management.tagging import Edit
    from brookline.model.entity import Entity
    from brookline.model.live import Live
    from brookline.operations.streams import Piece
    from brookline.operations.task import Task
    from brookline.operations.tasks import Tasks
    from brookline.plane.peers import Reply, Request
    from brookline.security.sessions import Sessions
    from brookline.values.clock import Clock
    from brookline.values.crew import Crew
    from brookline.wire.heartbeats import Heartbeat
    from brookline.wire.rest_store import StoreSummary


class OtherNodes(Protocol):
    """Calls to other nodes, beside those of the plane."""

    async def piece(self, node: Heartbeat, task_id: str, name: str, start: int) -> Piece:
        """Return what a node has of a stream, from a place on; nothing if it does not answer."""
        ...

    async def relay(self, node: Heartbeat, request: Request, within_s: float) -> Reply:
        """Have that instance carry out a request about itself, within so long; one hop.

        Raises:
            NotSent: No byte was sent.
            CallUnknown: Its version does not know such calls; it did nothing.
            Misdirected: It refused the call, and did nothing.
            Lost: It was sent, and no answer came.
        """
        ...


class Management(Protocol):
    """What is managed, and what can be done with it."""

    @property
    def live(self) -> Live:
        """Applications, entities, locations."""
        ...

    @property
    def tasks(self) -> Tasks:
        """Tasks that are known."""
        ...

    interruptions: Interruptions
    outputs: Outputs

    async def deploy(self, plan: str, *, app_id: str = "", ctx: Asking) -> Task:
        """Make an application of a plan and start it; returns once it exists, with its start."""
        ...

    async def add_children(
        self, parent: Entity, plan: str, *, start: bool | None, ctx: Asking
    ) -> tuple[list[Entity], Task | None]:
        """Add entities of a plan below another."""
        ...

    async def delete(self, app: Entity, ctx: Asking) -> Task:
        """Stop an application and forget it."""
        ...

    async def expunge(self, entity: Entity, *, release: bool, ctx: Asking) -> Task:
        """Forget an entity, stopping it first if it is to be released."""
        ...

    async def rename(self, entity: Entity, name: str, ctx: Asking) -> None:
        """Set the display name."""
        ...

    async def edit_tags(self, entity: Entity, edit: Edit, ctx: Asking) -> None:
        """Edit the tags; what is decided is whether that changes anything."""
        ...

    async def set_config(
        self, entity: Entity, values: Mapping[str, Any], *, recurse: bool, ctx: Asking
    ) -> None:
        """Set config keys; None unsets."""
        ...

    async def set_sensors(self, entity: Entity, values: Mapping[str, Any], ctx: Asking) -> None:
        """Set sensors."""
        ...

    async def remove_sensor(self, entity: Entity, name: str, ctx: Asking) -> None:
        """Remove a sensor."""
        ...

    async def invoke(
        self, entity: Entity, effector: str, params: Mapping[str, Any], ctx: Asking
    ) -> Task:
        """Begin an effector."""
        ...

    async def begin_cancel(self, task: Task, ctx: Asking) -> None:
        """Commit that somebody asks for the end of a task."""
        ...

    async def cancel(self, task: Task) -> bool:
        """Cancel a task; tell whether it was still running."""
        ...

    def config_now(self, entity: Entity, key: str) -> Any:
        """Return a config value as far as it can be resolved without waiting; else as written."""
        ...

    def resolve_now(self, entity: Entity, value: Any) -> Any:
        """Return any value so."""
        ...


class Logins(Protocol):
    """Who a request comes from."""

    @property
    def open(self) -> bool:
        """Whether anyone may come in."""
        ...

    def known(self, authorization: bytes, address: str = "") -> str | None:
        """Return the user of a header that was found right before, from there; or None."""
        ...

    async def check(self, authorization: bytes | None, address: str) -> str:
        """Return the user that a request comes from.

        Raises:
            NotLoggedIn: No credential, or a wrong one.
            Unavailable: Nothing is known of users yet.
        """
        ...

    async def check_password(self, name: str, password: str, address: str) -> str:
        """Return the user that a name and a password are of; raises as `check` does."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownOrder:
    """How to end the server, and who asks. Times are in seconds."""

    user: str = ""
    stop_apps_first: bool = False
    force_on_error: bool = False
    shutdown_timeout_s: float = 20.0
    request_timeout_s: float = 20.0
    delay_s: float = 5.0


class Control(Protocol):
    """The server around the API."""

    @property
    def up(self) -> bool:
        """Whether start-up is complete and the server is not ending."""
        ...

    @property
    def healthy(self) -> bool:
        """Whether it is up and has recorded no errors."""
        ...

    @property
    def shutting_down(self) -> bool:
        """Whether it is ending after a complete start-up."""
        ...

    @property
    def started_ms(self) -> int:
        """Wall time of the start."""
        ...

    def store(self) -> StoreSummary:
        """Return what is known of the store."""
        ...

    def setting(self, key: str) -> str | None:
        """Return a property of the server, or None."""
        ...

    async def shutdown(self, order: ShutdownOrder) -> None:
        """Arrange the end of the server; returns before it comes.

        Raises:
            InvalidInput: If applications had to be stopped first and could not.
        """
        ...

    async def reload(self) -> None:
        """Read the properties again."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that the API asks, in one hand."""

    node: Node
    others: OtherNodes
    management: Management
    herald: Herald
    logins: Logins
    sessions: Sessions
    control: Control
    persistence: Persistence
    clock: Clock
    crew: Crew
    tree: Tree
    settings: ApiSettings = dataclasses.field(default_factory=ApiSettings)

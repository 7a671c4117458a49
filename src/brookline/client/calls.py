"""One function a call of the REST API: each returns what to ask and how to read the answer.

They do nothing by themselves: hand them to `Client.do`.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from brookline.client.session import FORM, JSON, YAML, make_request
from brookline.client.states import Mastership, PlaneStates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brookline.client.exchange import Answer, Request

T = TypeVar("T")

STREAM_END = "Brookline-Stream-End"
"""Header that says how much a stream has got."""

RECURSION_DEPTH = 8
"""How deep sub-tasks are looked for, as the console does."""


@dataclasses.dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """What to ask, and how to read the answer.

    Attributes:
        request: What to ask.
        decode: Reads an answer that is no refusal.
    """

    request: Request
    decode: Callable[[Answer], T]

    def request_within(self, timeout_s: float | None) -> Request:
        """Return what to ask, with the time that one node may take; None for the usual one."""
        if timeout_s is None:
            return self.request
        return dataclasses.replace(self.request, timeout_s=timeout_s)


# ---- applications and entities


def applications() -> Call[list[dict[str, Any]]]:
    """Return all applications (ApplicationSummary)."""
    return _get("/v1/applications")


def application(app: str) -> Call[dict[str, Any]]:
    """Return one application by id or name (ApplicationSummary)."""
    return _get(_path("applications", app))


def tree() -> Call[list[dict[str, Any]]]:
    """Return all applications with their whole trees (EntityDetail)."""
    return _get("/v1/applications/fetch")


def deploy(plan: str, *, app_id: str = "") -> Call[dict[str, Any]]:
    """Deploy a blueprint; return the task that starts it, whose ``entityId`` is the application.

    Args:
        plan: The blueprint's text.
        app_id: Id for the application, so that it cannot be deployed twice; empty to get one.
    """
    method, path = (
        ("PUT", _path("applications", app_id)) if app_id else ("POST", "/v1/applications")
    )
    return Call(make_request(method, path, body=plan.encode(), content_type=YAML), _json_of_any)


def delete(app: str) -> Call[dict[str, Any]]:
    """Stop and remove an application; return the task that does it."""
    return Call(make_request("DELETE", _path("applications", app)), _json_of_any)


def entity(app: str, entity: str) -> Call[dict[str, Any]]:
    """Return one entity by id or name (EntitySummary)."""
    return _get(_entity(app, entity))


def children(app: str, entity: str) -> Call[list[dict[str, Any]]]:
    """Return the children of an entity (EntitySummary)."""
    return _get(_entity(app, entity, "children"))


def descendants_sensor(app: str, sensor: str) -> Call[dict[str, Any]]:
    """Return the value of a sensor for each entity of an application that has it."""
    return _get(_path("applications", app, "descendants", "sensor", sensor))


def add_children(app: str, entity: str, plan: str) -> Call[dict[str, Any]]:
    """Add the entities of a blueprint below an entity, without starting them; return the task."""
    path = _entity(app, entity, "children")
    request = make_request(
        "POST", path, query={"start": False}, body=plan.encode(), content_type=YAML
    )
    return Call(request, _json_of_any)


def locations(app: str, entity: str) -> Call[list[dict[str, Any]]]:
    """Return the locations of an entity (LocationSummary)."""
    return _get(_entity(app, entity, "locations"))


def sensor_values(app: str, entity: str) -> Call[dict[str, Any]]:
    """Return the values of all sensors of an entity."""
    return _get(_entity(app, entity, "sensors", "current-state"))


def sensors(app: str, entity: str) -> Call[list[dict[str, Any]]]:
    """Return the sensors of an entity (SensorSummary)."""
    return _get(_entity(app, entity, "sensors"))


def sensor(app: str, entity: str, name: str) -> Call[Any]:
    """Return the value of one sensor, None if it has none."""
    return _get_value(_entity(app, entity, "sensors", name))


def set_sensor(app: str, entity: str, *, name: str, value: Any) -> Call[None]:
    """Write one sensor."""
    return _post_json(_entity(app, entity, "sensors", name), value)


def config_values(app: str, entity: str) -> Call[dict[str, Any]]:
    """Return the configuration of an entity, own and inherited."""
    return _get(_entity(app, entity, "config", "current-state"))


def config(app: str, entity: str, key: str) -> Call[Any]:
    """Return the value of one config key, None if it has none."""
    return _get_value(_entity(app, entity, "config", key))


def set_config(app: str, entity: str, *, key: str, value: Any) -> Call[None]:
    """Write one config key."""
    return _post_json(_entity(app, entity, "config", key), value)


def effectors(app: str, entity: str) -> Call[list[dict[str, Any]]]:
    """Return the effectors of an entity (EffectorSummary)."""
    return _get(_entity(app, entity, "effectors"))


def invoke(
    app: str, entity: str, *, effector: str, parameters: Mapping[str, Any]
) -> Call[dict[str, Any]]:
    """Start an effector; return its task at once."""
    request = make_request(
        "POST",
        _entity(app, entity, "effectors", effector),
        query={"timeout": "0"},
        body=json.dumps(dict(parameters)).encode(),
        content_type=JSON,
    )
    return Call(request, _json_of_any)


# ---- activities


def activities(app: str, entity: str, *, limit: int = 200) -> Call[list[dict[str, Any]]]:
    """Return the tasks of an entity, the latest first (TaskSummary)."""
    return _get(_entity(app, entity, "activities"), limit=limit, recurse=True)


def task(task: str) -> Call[dict[str, Any]]:
    """Return one task in detail (TaskSummary)."""
    return _get(_path("activities", task))


def task_children(task: str) -> Call[list[dict[str, Any]]]:
    """Return the sub-tasks of a task."""
    return _get(_path("activities", task, "children"))


def task_descendants(task: str) -> Call[dict[str, dict[str, Any]]]:
    """Return all that runs below a task, by id."""
    path = _path("activities", task, "children", "recurse")
    return _get(path, limit=-1, maxDepth=RECURSION_DEPTH)


def task_stream(task: str, stream: str) -> Call[str]:
    """Return what a task has written so far to one of its streams, such as ``stdout``."""
    request = make_request("GET", _path("activities", task, "stream", stream))
    return Call(dataclasses.replace(request, headers={"Accept": "text/plain, */*"}), _text)


def cancel(task: str) -> Call[bool]:
    """Cancel a task; false if it had ended."""
    return Call(make_request("POST", _path("activities", task, "cancel")), _json)


@dataclasses.dataclass(frozen=True, slots=True)
class StreamPiece:
    """What a task wrote from a place on.

    Attributes:
        content: The bytes.
        end: How much it has written in all, in bytes: from where to read on.
    """

    content: bytes
    end: int


def task_stream_piece(task: str, stream: str, start: int) -> Call[StreamPiece]:
    """Return what a task has written to a stream from a place on, in bytes."""

    def decode(answer: Answer) -> StreamPiece:
        told = answer.headers.get(STREAM_END.lower(), "")
        if told.isdecimal():
            return StreamPiece(answer.body, int(told))
        # A server of others gives the whole, whatever the place.
        return StreamPiece(answer.body[start:], max(start, len(answer.body)))

    request = make_request(
        "GET", _path("activities", task, "stream", stream), query={"offset": start}
    )
    return Call(dataclasses.replace(request, headers={"Accept": "text/plain, */*"}), decode)


# ---- interrupted work


def interrupted() -> Call[list[dict[str, Any]]]:
    """Return the operations that do not go on by themselves (InterruptedSummary)."""
    return _get("/v1/interrupted")


def interrupted_one(task: str) -> Call[dict[str, Any]]:
    """Return one of them, with what each choice would do."""
    return _get(_path("interrupted", task))


def resume(task: str) -> Call[dict[str, Any]]:
    """Have an interrupted operation go on where it stopped; return its task."""
    return Call(make_request("POST", _path("interrupted", task, "resume")), _json)


def replay(task: str) -> Call[dict[str, Any]]:
    """Do an interrupted operation again; return the new task."""
    return Call(make_request("POST", _path("interrupted", task, "replay")), _json)


def abandon(task: str, reason: str) -> Call[dict[str, Any]]:
    """Give an interrupted operation up; return it (InterruptedSummary)."""
    return Call(
        make_request(
            "POST",
            _path("interrupted", task, "abandon"),
            body=json.dumps({"reason": reason}).encode(),
            content_type=JSON,
        ),
        _json,
    )


# ---- the server and its plane


def version() -> Call[dict[str, Any]]:
    """Return the server's version (VersionSummary)."""
    return _get("/v1/server/version")


def states(*, at: str = "") -> Call[PlaneStates]:
    """Return the plane as a node shows it: any node, or the one at this address."""
    request = make_request("GET", "/v1/server/ha/states", at=at)
    return Call(request, lambda answer: PlaneStates.from_json(_json(answer)))


def states_json() -> Call[dict[str, Any]]:
    """Return the same as the server words it (HighAvailabilitySummary)."""
    return _get("/v1/server/ha/states")


def metrics() -> Call[dict[str, Any]]:
    """Return figures and settings of high availability."""
    return _get("/v1/server/ha/metrics")


def history() -> Call[list[Mastership]]:
    """Return who led, the latest first."""
    told = history_json()
    return Call(told.request, lambda answer: [*map(Mastership.from_json, told.decode(answer))])


def history_json() -> Call[list[dict[str, Any]]]:
    """Return the same as the server words it."""

    def decode(answer: Answer) -> list[dict[str, Any]]:
        return sorted(_json(answer) or [], key=lambda row: row.get("epoch") or 0, reverse=True)

    return Call(make_request("GET", "/v1/server/ha/history"), decode)


def journal(*, first: int | None, last: int | None) -> Call[dict[str, Any]]:
    """Return a page of the plane's log (JournalPage)."""
    given = {"from": first, "to": last, "limit": 500}
    return Call(make_request("GET", "/v1/server/ha/journal", query=given), _json)


def switchover(to: str = "", *, reason: str = "") -> Call[Any]:
    """Hand the mastership over, to that instance or to the first in line; the history tells why."""
    given = {"to": to, "reason": reason}
    return _post_form("/v1/server/ha/switchover", {key: it for key, it in given.items() if it})


def set_mode(mode: str, *, at: str = "", node: str = "", reason: str = "") -> Call[Any]:
    """Change the mode of the node at an address, or of that id through any; answers its state before."""
    form = {"mode": mode} | ({"reason": reason} if reason else {})
    return _post_form(f"{_about(node)}/state", form, at=at)


def set_priority(priority: int, *, at: str = "", node: str = "") -> Call[Any]:
    """Change the priority of the node at an address, or of that id through any; answers the one before."""
    return _post_form(f"{_about(node)}/priority", {"priority": str(priority)}, at=at)


def clear(instance: str = "") -> Call[Any]:
    """Forget that node's record, or those of all that have ended."""
    if instance:
        return _post_form("/v1/server/ha/states/clear/node", {"nodeId": instance})
    return _post_form("/v1/server/ha/states/clear", {})


def shutdown(*, at: str) -> Call[Any]:
    """End the server at this address; what it manages goes on."""
    return _post_form("/v1/server/shutdown", {"delayForHttpReturn": "0ms"}, at=at)


# ---- how


def _about(node: str) -> str:
    return f"/v1/server/ha/nodes/{quote(node, safe='')}" if node else "/v1/server/ha"


def _get(path: str, **query: object) -> Call[Any]:
    return Call(make_request("GET", path, query=query), _json)


def _get_value(path: str) -> Call[Any]:
    return Call(make_request("GET", path), _json_of_any)


def _post_json(path: str, value: Any) -> Call[None]:
    body = json.dumps(value).encode()
    return Call(make_request("POST", path, body=body, content_type=JSON), _nothing)


def _post_form(path: str, form: Mapping[str, str], *, at: str = "") -> Call[Any]:
    body = urlencode(form).encode()
    request = make_request("POST", path, body=body, content_type=FORM, about_nodes=True, at=at)
    return Call(request, _json_of_any)


def _path(*parts: str) -> str:
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def _entity(app: str, entity: str, *parts: str) -> str:
    return _path("applications", app, "entities", entity, *parts)


def _json(answer: Answer) -> Any:
    return answer.json()


def _json_of_any(answer: Answer) -> Any:
    """Return JSON, or the text of an answer that is none: AMP writes string results bare."""
    try:
        return answer.json()
    except ValueError:
        return answer.text()


def _text(answer: Answer) -> str:
    return answer.text()


def _nothing(_: Answer) -> None:
    return None

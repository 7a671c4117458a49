"""The OpenAPI document, made from the table of routes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from brookline.api.answers import Answer, encode
from brookline.api.calls import FORM
from brookline.api.routes import LONGEST_KEY, Operation, Place, read
from brookline.version import VERSION
from brookline.wire.rest import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brookline.api.calls import Call

_REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")
_REASONS = {
    200: "Done.",
    201: "Made.",
    202: "Begun, or done.",
    204: "Done; nothing to say.",
    307: "Elsewhere, at `Location`.",
    401: "Credentials are wanted.",
    403: "Not allowed.",
    404: "Not found.",
    501: "Not possible in this version.",
    503: "Not now.",
}
_PLACES = {
    Place.ANY: "Answered by any node.",
    Place.HOT: "Answered by the master, hot standbys and hot backups; 403 elsewhere.",
    Place.SHOWN: "Answered by the master, hot standbys and hot backups; 503 elsewhere.",
    Place.MASTER: "Carried out by the master; other nodes forward it.",
    Place.HERE: "Acts on the node where it arrives, and is never forwarded.",
}


_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "An id of your own for this request. Sent again with the same id, to whichever"
    " node, it is answered as it was the first time, and not done again. With another request: 422.",
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
}


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of some operations."""
    listed = list(operations)
    types = [kind for one in listed for kind in one.answers.values() if kind is not None]
    schemas, components = msgspec.json.schema_components(
        [*types, ApiError], ref_template=_REFERENCE
    )
    schema_of = dict(zip(map(repr, [*types, ApiError]), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in listed:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Brookline",
            "version": VERSION,
            "description": "Compatible with the REST API of Cloudsoft AMP and Apache Brooklyn.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
        },
        "security": [{"basic": []}],
    }


def apidoc(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Return the operations that show the document of these, and of themselves.

    The document says what it is, OpenAPI 3.1, also where AMP has one of Swagger 2.0.
    """

    async def get_document(_call: Call) -> Answer:
        """Return this API as an OpenAPI 3.1 document."""
        return Answer(200, made)

    own = (
        read("/openapi.json", get_document, returns=dict[str, Any], place=Place.ANY, beyond=True),
        read("/apidoc/swagger.json", get_document, returns=dict[str, Any], place=Place.ANY),
    )
    made = encode(document((*operations, *own)))
    return own


def _operation(one: Operation, schema_of: Mapping[str, Any]) -> dict[str, Any]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(one.path)
    ]
    in_query = [
        {"name": param.name, "in": "query", "required": False, "schema": _param_schema(param)}
        for param in one.params
    ]
    described: dict[str, Any] = {
        "operationId": operation_id(one),
        "summary": one.summary,
        "description": _PLACES[one.place],
        "tags": [_tag(one.path)],
        "parameters": in_path + in_query + ([_KEY] if one.recorded else []),
        "responses": _responses(one, schema_of),
    }
    if one.method in ("POST", "PUT"):
        described["requestBody"] = {"content": _bodies(one)}
    if not one.login:
        described["security"] = []
    if one.beyond:
        described["x-beyond-amp"] = True
    return described


def operation_id(one: Operation) -> str:
    """Return a name for an operation that no other has."""
    words = re.sub(r"[^\w]+", "_", one.path.removeprefix("/v1")).strip("_")
    return f"{one.method.lower()}_{words}"


def _responses(one: Operation, schema_of: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, kind in one.answers.items():
        found[str(status)] = {"description": _REASONS[status]}
        if kind is not None:
            content = {form: {"schema": schema_of[repr(kind)]} for form in one.produces}
            found[str(status)]["content"] = content
    error = {"application/json": {"schema": schema_of[repr(ApiError)]}}
    found["default"] = {"description": "Refused; says why.", "content": error}
    return found


def _bodies(one: Operation) -> dict[str, Any]:
    fields = {param.name: _param_schema(param) for param in one.params if param.form}
    if fields:
        return {FORM: {"schema": {"type": "object", "properties": fields}}}
    kinds = [kind for kind in one.consumes if kind] or ["*/*"]
    return {kind: {} for kind in kinds}


def _param_schema(param: Any) -> dict[str, Any]:
    names = {str: "string", bool: "boolean", int: "integer"}
    schema: dict[str, Any] = {"type": names[param.type]}
    return schema if param.default is None else {**schema, "default": param.default}


def _tag(path: str) -> str:
    segments = [segment for segment in path.split("/") if segment and segment != "v1"]
    inner = [segment for segment in segments if not segment.startswith("{")]
    if "entities" in inner:
        return inner[inner.index("entities") + 1] if inner[-1] != "entities" else "entities"
    return inner[0]

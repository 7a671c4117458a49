"""REST resource: the persisted state, exported and imported as a whole."""

from __future__ import annotations

import email.parser
import email.policy
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from brookline.api import finding
from brookline.api.answers import Answer, json
from brookline.api.calls import MULTIPART
from brookline.api.routes import Param, Place, read, write
from brookline.errors import InvalidInput
from brookline.wire.rest_server import ImportSummary

if TYPE_CHECKING:
    from brookline.api.asking import Follows
    from brookline.api.calls import Call
    from brookline.management.persistence import Imported

_ZIP = "application/octet-stream"
_MAGIC = b"PK"
_LOCAL, _REMOTE, _AUTO = "LOCAL", "REMOTE", "AUTO"


async def export(call: Call) -> Answer:
    """Return the state of the plane as of one entry, as a zip.

    Source: `origin` and the name of the file are Brooklyn's.
    """
    origin = call.query.get("origin", "").strip().upper() or _AUTO
    if origin not in (_AUTO, _LOCAL, _REMOTE):
        raise InvalidInput(f"origin is {_AUTO}, {_LOCAL} or {_REMOTE}, not {origin[:40]!r}")
    ports = call.ports
    # The master wrote the log's end itself; another node may be a little behind.
    read_on = origin == _REMOTE or (origin == _AUTO and not ports.node.leads())
    data = await ports.persistence.export(read_on=read_on)
    made = datetime.fromtimestamp(ports.clock.wall_ms() / 1000, UTC).strftime("%Y%m%d-%H%M")
    name = f"brooklyn-state-{ports.node.identity.instance}-{made}.zip"
    return Answer(
        200, data, _ZIP, headers=(("content-disposition", f"attachment; filename = {name}"),)
    )


async def import_state(call: Call) -> Answer | Follows:
    """Add the applications of an export to the plane: all of them, or none."""
    asked = finding.asked(call, _told)
    await call.ports.persistence.merge(_zip_of(call), asked)
    return asked.answer


def _told(imported: Imported) -> Answer:
    return json(
        ImportSummary(
            applications=dict(imported.applications),
            entities=imported.entities,
            locations=imported.locations,
            passed_over=dict(imported.passed_over),
            plane_id=imported.plane_id,
            sequence=imported.sequence,
        )
    )


def _zip_of(call: Call) -> bytes:
    """Return the zip that was sent: as the body, whatever type it is said to have, or in a form.

    Source: Brooklyn's own page sends the bare bytes and calls them ``multipart/form-data``.

    Raises:
        InvalidInput: If there is none.
    """
    body = call.body
    if call.media == MULTIPART and not body.startswith(_MAGIC):
        head = f"content-type: {call.headers.get('content-type', '')}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        parts = list(message.iter_parts()) if message.is_multipart() else []
        contents = [part.get_payload(decode=True) for part in parts]
        body = next((one for one in contents if isinstance(one, bytes) and one), b"")
    if not body.startswith(_MAGIC):
        raise InvalidInput("the body is not a zip; send what GET server/ha/persist/export gave")
    return body


OPERATIONS = (
    read(
        "/server/ha/persist/export",
        export,
        returns={200: None},
        place=Place.ANY,
        params=(Param("origin", str, _AUTO),),
        produces=(_ZIP,),
    ),
    write(
        "POST /server/ha/persist/import",
        import_state,
        returns={200: ImportSummary},
        place=Place.MASTER,
        recorded=True,
    ),
)

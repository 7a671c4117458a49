"""REST resource: the plane's log, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api.answers import Answer, json
from brookline.api.calls import whole_number
from brookline.api.routes import Param, Place, read
from brookline.errors import InvalidInput
from brookline.wire.rest_journal import JournalPage

if TYPE_CHECKING:
    from brookline.api.calls import Call

_USUAL, _MOST = 200, 1000


async def get_journal(call: Call) -> Answer:
    """Return what entries of the log say: who wrote them, for whom, and which records changed."""
    given = _number(call, "limit")
    limit = _USUAL if given is None else given
    if not 0 < limit <= _MOST:
        raise InvalidInput(f"limit is 1 to {_MOST}, not {limit}")
    page = await call.ports.persistence.journal(_number(call, "from"), _number(call, "to"), limit)
    return json(page)


def _number(call: Call, name: str) -> int | None:
    text = call.query.get(name, "").strip()
    return whole_number(name, text) if text else None


OPERATIONS = (
    read(
        "/server/ha/journal",
        get_journal,
        returns=JournalPage,
        place=Place.ANY,
        params=(Param("from", int), Param("to", int), Param("limit", int, _USUAL)),
        beyond=True,
    ),
)

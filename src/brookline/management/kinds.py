"""Kinds of what the log has: of its entries, and of the records that these change."""

from __future__ import annotations

import typing

from brookline.blueprint.assembly import ENTITY, LOCATION
from brookline.entities.health import SENSORS
from brookline.entities.unmanage import SPEC
from brookline.journal.standing import HISTORY
from brookline.management.planned import KIND as PLANNED
from brookline.operations.locks import KIND as LOCK
from brookline.operations.task import KIND as TASK
from brookline.plane.incumbent import WRONG_GUESS
from brookline.plane.requests import KIND as REQUEST
from brookline.security.session_keys import ENDED, KEY
from brookline.security.users import USER
from brookline.wire.entries import Payload

OF_ENTRIES = tuple(str(one.__struct_config__.tag) for one in typing.get_args(Payload))
"""As entries say them themselves."""

OF_RECORDS = (
    ENTITY, SENSORS, SPEC, LOCATION, TASK, LOCK, REQUEST, USER, KEY, ENDED, HISTORY, WRONG_GUESS,
    PLANNED,
)  # fmt: skip
"""Those that this version writes."""

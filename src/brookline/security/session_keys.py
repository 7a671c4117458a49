"""Keys of sessions: records of the plane, so that each node reads what another one signed.

The first master makes the first key. A master replaces it when it is old, and forgets the old one
once no session can be left that it signed.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING

from brookline.values.ids import new_id
from brookline.wire.changes import Change, Drop, Put

if TYPE_CHECKING:
    from brookline.journal.records import View

KEY = "session-key"
"""Kind of the records that hold keys, by id: ``{key, made}``."""

ENDED = "session-end"
"""Kind of the records of sessions that were ended before their time, by id: ``{until}``."""

ROTATION_MS = 7 * 24 * 3_600_000
"""How long a key signs new sessions."""

_SLACK_MS = 3_600_000
"""Clocks of nodes may differ."""

MOST_ENDED = 10_000
"""Sessions whose ends are remembered; more at the same time would be no users."""


def newest(view: View) -> tuple[str, bytes] | None:
    """Return the id of the key that signs now, and the key; None if there is none yet."""
    found = max(view.ids(KEY), key=lambda i: (_made(view, i), i), default=None)
    secret = None if found is None else secret_of(view, found)
    return None if found is None or secret is None else (found, secret)


def secret_of(view: View, key_id: str) -> bytes | None:
    """Return the key of an id, or None."""
    record = view.get(KEY, key_id)
    if record is None:
        return None
    try:
        return base64.b64decode(str(record.get("key", "")), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def due(view: View, now_ms: int, age_ms: int) -> list[Change]:
    """Return what a master has to change about keys and ends; nothing most of the time.

    Args:
        view: The records.
        now_ms: Wall time.
        age_ms: How old a session can become.
    """
    last = max((_made(view, i) for i in view.ids(KEY)), default=None)
    changes: list[Change] = []
    if last is None or now_ms - last >= ROTATION_MS:
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        changes.append(Put(KEY, new_id(), {"key": key, "made": now_ms}))
    life_ms = ROTATION_MS + age_ms + _SLACK_MS
    changes += [Drop(KEY, i) for i in view.ids(KEY) if now_ms - _made(view, i) > life_ms]
    return changes + [Drop(ENDED, i) for i in view.ids(ENDED) if _until(view, i) < now_ms]


def end(view: View, session: str, until_ms: int) -> list[Change]:
    """Return what ends a session before its time.

    Args:
        view: The records.
        session: Its id.
        until_ms: When it would have ended anyway.
    """
    known = list(view.ids(ENDED))
    if session in known:
        return []
    surplus = known[: max(0, len(known) + 1 - MOST_ENDED)]
    return [*(Drop(ENDED, i) for i in surplus), Put(ENDED, session, {"until": until_ms})]


def is_ended(view: View, session: str) -> bool:
    """Tell whether a session was ended."""
    return view.get(ENDED, session) is not None


def _made(view: View, key_id: str) -> int:
    return int((view.get(KEY, key_id) or {}).get("made", 0))


def _until(view: View, session: str) -> int:
    return int((view.get(ENDED, session) or {}).get("until", 0)) + _SLACK_MS

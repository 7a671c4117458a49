"""The plane's tenant as the server makes it: management, and the first user of a plane."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from brookline.journal.records import Records
from brookline.journal.standing import HISTORY
from brookline.plane.incumbent import WRONG_GUESS
from brookline.plane.tenant import Opening
from brookline.wire.changes import Drop, Item

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.journal.records import View
    from brookline.plane.tenant import Tenant
    from brookline.security.first_user import FirstUser
    from brookline.wire.changes import Change

log = logging.getLogger("brookline.server")

_KEPT = frozenset({HISTORY, WRONG_GUESS})
"""Kinds that tell the plane's own story; a clean start does not rewrite it."""


class ServerTenant:
    """Adds to a tenant's opening what the server has to say at the start of an epoch.

    Args:
        inner: What manages applications.
        first_user: Makes the first user of a plane that has none.
        keys: Returns what is to be changed about the keys of sessions.
        records: Returns all records of the plane, to be dropped by a clean start; None for another
            start.
    """

    def __init__(
        self,
        inner: Tenant,
        first_user: FirstUser,
        *,
        keys: Callable[[View], list[Change]],
        records: Callable[[], Records] | None = None,
    ) -> None:
        self._inner = inner
        self._first_user = first_user
        self._keys = keys
        self._records = records
        self.prepare = inner.prepare
        self.publish = inner.publish
        self.reset = inner.reset
        self.forget = inner.forget
        self.deactivate = inner.deactivate

    def opening(self, view: View) -> Opening:
        """Return what a new epoch begins with.

        Raises:
            InvalidInput: If the first user's password cannot be kept in the home.
        """
        if self._records is not None:
            dropped = _dropped(self._records())
            log.warning("clean start", extra={"fields": {"records": len(dropped.changes)}})
            return Opening((dropped, *self._security(Records())))
        inner = self._inner.opening(view)
        return Opening((*inner.items, *self._security(view)), inner.interrupted)

    async def activate(self, epoch: int) -> None:
        """Begin to act; what was to be dropped has been."""
        self._records = None
        await self._inner.activate(epoch)

    def _security(self, view: View) -> tuple[Item, ...]:
        user, keys = self._first_user.first_user(view), self._keys(view)
        return (*(() if user is None else (user,)), *((Item(tuple(keys)),) if keys else ()))


def _dropped(records: Records) -> Item:
    """Return what drops all records but the plane's own story."""
    changes: list[Change] = [
        Drop(kind, record_id)
        for kind, values in records.kinds().items()
        if kind not in _KEPT
        for record_id in values
    ]
    return Item(tuple(changes))

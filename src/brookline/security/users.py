"""Users: those of the plane's records, those configured on this node, and the copy in its home."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

import msgspec

from brookline.security.files import read_private, write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from brookline.journal.records import View
    from brookline.wire.changes import Value

log = logging.getLogger("brookline.security")

USER = "user"
"""Kind of the records that hold users, by name."""


@dataclasses.dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in.

    Attributes:
        name: As typed at the login.
        password: Hash of the password; see `brookline.security.passwords`.
        roles: Names of AMP's roles, such as ``root``.
    """

    name: str
    password: str
    roles: tuple[str, ...] = ("root",)


def to_value(user: User) -> Value:
    """Return the record of a user."""
    return {"password": user.password, "roles": list(user.roles)}


def from_value(name: str, value: Value) -> User:
    """Return the user that a record holds."""
    return User(name, str(value.get("password", "")), tuple(value.get("roles", ())))


class Users:
    """All users that this node lets in.

    Those configured on the node come before those of the plane. Before the store has answered for
    the first time, the copy that the home keeps of the plane's users stands in for them.

    Args:
        configured: Users of the node's own properties.
        view: Returns the plane's records, or None while nothing has been read of the store.
        copy: File in the home, readable by its owner only.
    """

    def __init__(
        self, configured: Mapping[str, User], *, view: Callable[[], View | None], copy: Path
    ) -> None:
        self._configured = dict(configured)
        self._view = view
        self._copy = copy
        self._kept = _load(copy)

    def find(self, name: str) -> User | None:
        """Return the user of that name, or None."""
        user = self._configured.get(name)
        if user is not None:
            return user
        view = self._view()
        if view is None:
            return self._kept.get(name)
        value = view.get(USER, name)
        return None if value is None else from_value(name, value)

    def hash_of(self, name: str) -> str | None:
        """Return the hash of a user's password, as `find` would; every request asks for one."""
        view = self._view()
        if name in self._configured or view is None:
            user = self.find(name)
            return None if user is None else user.password
        value = view.get(USER, name)
        return None if value is None else str(value.get("password", ""))

    def shared_hash_of(self, name: str) -> str | None:
        """Return the hash of a user of the plane; None for one of this node's own properties."""
        return None if name in self._configured else self.hash_of(name)

    def is_current(self, name: str) -> bool:
        """Tell whether what is found of a name is what the plane says, not what it once said."""
        return name in self._configured or self._view() is not None

    def any(self) -> bool:
        """Tell whether anybody at all could log in."""
        if self._configured:
            return True
        view = self._view()
        return bool(self._kept) if view is None else any(True for _ in view.ids(USER))

    def configure(self, configured: Mapping[str, User]) -> None:
        """Replace the users of the node's own properties."""
        self._configured = dict(configured)

    def news(self) -> Mapping[str, User] | None:
        """Return the plane's users if the home's copy has others, else None.

        Quick, and to be called by whoever applies the records, for it walks through them.
        """
        view = self._view()
        if view is None:
            return None
        found = {name: from_value(name, view.get(USER, name) or {}) for name in view.ids(USER)}
        return None if found == self._kept else found

    def keep(self, users: Mapping[str, User]) -> None:
        """Copy users into the home. Slow, so in a thread.

        Raises:
            OSError: If the home cannot be written.
        """
        values = {name: to_value(user) for name, user in users.items()}
        write_private(self._copy, msgspec.json.encode(values))
        self._kept = dict(users)
        log.info("users changed", extra={"fields": {"count": len(users)}})


def _load(path: Path) -> dict[str, User]:
    data = read_private(path)
    if data is None:
        return {}
    try:
        users = msgspec.json.decode(data, type=dict[str, dict[str, object]])
    except msgspec.DecodeError:
        log.warning("copy of the users is damaged", extra={"fields": {"path": str(path)}})
        return {}
    return {name: from_value(name, value) for name, value in users.items()}

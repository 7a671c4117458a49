"""The first user of a plane that has none: `admin`, with a password that only its home's owner reads."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from brookline.errors import InvalidInput
from brookline.security.files import read_private, write_private
from brookline.security.passwords import argon2_hash, new_password
from brookline.security.users import USER, User, to_value
from brookline.wire.changes import Item, Put

if TYPE_CHECKING:
    from pathlib import Path

    from brookline.journal.records import View

ADMIN = "admin"

PASSWORD_IN = "passwordIn"  # noqa: S105 - the name of a field
"""Field of the first user's record: host and file with its password, for who asks where it is."""


class FirstUser:
    """Makes `admin` once, at the start of the first epoch of a plane.

    Args:
        path: `<home>/admin-password`.
        wanted: Whether a user is to be made at all; not where the node's own properties name some.
    """

    def __init__(self, path: Path, *, wanted: bool = True) -> None:
        self._path = path
        self._wanted = wanted
        self._ready: tuple[str, str] | None = None
        self.made = ""
        """The password that was proposed with an `active` entry, to be shown once it is committed."""

    def prepare(self) -> None:
        """Choose the password and hash it. Slow, so in a thread, before a promotion asks for it.

        A home that cannot be read is no matter as long as the plane has users.
        """
        if self._wanted:
            with contextlib.suppress(OSError):
                self._ready = self._chosen()

    def first_user(self, view: View) -> Item | None:
        """Return the change that makes `admin`, or None if the plane has a user.

        The password is in the file, durably, before this returns.

        Raises:
            InvalidInput: If the file cannot be read or written.
        """
        if not self._wanted or any(True for _ in view.ids(USER)):
            return None
        try:
            password, encoded = self._ready = self._ready or self._chosen()
            write_private(self._path, f"{password}\n".encode())
        except OSError as error:
            raise InvalidInput(f"the first user's password cannot be kept: {error}") from error
        self.made = password
        place = {PASSWORD_IN: place_of(self._path)}
        return Item((Put(USER, ADMIN, to_value(User(ADMIN, encoded)) | place),))

    def _chosen(self) -> tuple[str, str]:
        """Return a password and its hash.

        A password that the home holds already is taken again: an earlier start may have written it
        and died before its commit.
        """
        password = (read_private(self._path) or b"").decode(errors="replace").strip()
        password = password or new_password()
        return password, argon2_hash(password)


def place_of(path: Path) -> str:
    """Return a file of this machine, as other nodes tell of it."""
    return f"{socket.gethostname()}:{path}"

"""Mail: what one node asks of another through the store, when a call might not reach it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from brookline.journal.keys import mail_key, mail_prefix

if TYPE_CHECKING:
    from brookline.stores.store import Store

log = logging.getLogger("brookline.plane")


class Letter(msgspec.Struct, frozen=True):
    """A master is asked to resign to the sender.

    Attributes:
        sender: Instance that wants to lead.
        epoch: The mastership that should end; in any other the letter is ignored.
        user: Who wants it.
        reason: Why, in words of whoever wants it.
    """

    sender: str
    epoch: int
    user: str = ""
    reason: str = ""


def wish(what: str, user: str, *, reason: str) -> str:
    """Return for the history what is done, by whom it is wanted, and why, as far as that is known."""
    by = f"{what} by {user}" if user else what
    return f"{by}: {reason}" if reason else by


class Mailbox:
    """Letters from and to one instance."""

    def __init__(self, store: Store, instance: str) -> None:
        self._store = store
        self._instance = instance
        self._sent = 0

    async def send(self, to: str, letter: Letter) -> None:
        """Leave a letter for an instance.

        Raises:
            StoreError: If it may not have been left.
        """
        self._sent += 1
        key = mail_key(to, self._instance, self._sent)
        await self._store.put(key, msgspec.json.encode(letter))

    async def collect(self) -> list[Letter]:
        """Return the letters to this instance, and remove them.

        Raises:
            StoreError: If the store does not answer.
        """
        letters: list[Letter] = []
        for key in await self._store.list(mail_prefix(self._instance)):
            data = await self._store.get(key)
            await self._store.delete(key)
            try:
                letters.append(msgspec.json.decode(data or b"", type=Letter))
            except msgspec.DecodeError:
                log.warning("letter cannot be read", extra={"fields": {"key": key}})
        return letters

    async def clear(self, instance: str) -> None:
        """Remove the mail of an instance that is gone.

        Raises:
            StoreError: If the store does not answer.
        """
        for key in await self._store.list(mail_prefix(instance)):
            await self._store.delete(key)

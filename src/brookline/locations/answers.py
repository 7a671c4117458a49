"""What the guard says: lines of words, and between them what a step wrote; see ``guard.sh``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from brookline.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Mapping

    from brookline.locations.shells import Session

T = TypeVar("T")

_CHUNK_BYTES = 256 * 1024

_NO_SCRIPT = (0, 2, 126, 127)
"""Exit codes of shells that cannot read their script; the guard ends with none of them before it has
said something. With 0 all end if the script is empty, and some if it is a folder."""

_FIRST_WORDS = frozenset(
    {"guard", "began", "out", "err", "tick", "state", "end", "ok", "refused", "failed"}
)
_INCOMPLETE = "the input is not complete"
_SHOWN = 80


class Ended(NamedTuple):
    """How a step ended.

    Attributes:
        code: Exit code, 128 and more for a signal; None if it is not known.
        why: ``-`` if it ended by itself, ``lost`` if what waited for it was killed, ``unstarted``
            if it could not begin, ``removed`` if its machine was given back, else the word that was
            given to `Guard.kill`.
        stdout: Bytes that it wrote there, until its end.
        stderr: Bytes that it wrote there, until its end.
    """

    code: int | None
    why: str
    stdout: int = 0
    stderr: int = 0


class State(NamedTuple):
    """What is known of a step.

    Attributes:
        state: ``claimed``, ``running``, ``over`` or ``rebooted``; ``absent``; or, if there is but
            a mark, ``killed`` or ``collected``, or ``removed`` for the whole folder.
        age_s: Seconds since it began, or None if it did not.
        sizes: Bytes of its output by stream.
        ended: How it ended, if it did.
    """

    state: str
    age_s: float | None = None
    sizes: Mapping[str, int] = {}
    ended: Ended | None = None


class Refused(Exception):
    """The guard did not do what was asked.

    Attributes:
        words: Why, such as ``reset``, or ``epoch`` and the highest that was seen.
    """

    def __init__(self, *words: str) -> None:
        super().__init__(" ".join(words))
        self.words = words


class CutOff(Exception):
    """The answer ended too early: nobody knows what was done."""


class Silent(CutOff):
    """The answer did not end, but nothing came for too long."""


class Answer:
    """The answer of the guard to one command.

    Args:
        session: That of the command.
        silent_s: Seconds without a word after which it is taken for cut off.
    """

    def __init__(self, session: Session, silent_s: float) -> None:
        self._session = session
        self._silent_s = silent_s
        self._line = b""

    async def missing_script(self) -> str | None:
        """Wait for the first line; return the complaint if no guard is there to say one, else None.

        Raises:
            Silent: If nothing comes.
        """
        self._line = await self._heard(self._session.line())
        if self._line:
            return None
        code, complaint = await self._heard(self._session.complaint())
        return complaint or f"exit code {code}" if code in _NO_SCRIPT else None

    async def words(self) -> list[str]:
        """Return the words of the next line.

        Raises:
            Refused: If it says that the guard does not do it.
            CutOff: If there is no whole line any more.
            RemoteError: If it says that something failed.
        """
        line, self._line = self._line or await self._heard(self._session.line()), b""
        if not line.endswith(b"\n"):
            code, complaint = await self._heard(self._session.complaint())
            raise CutOff(complaint or f"the guard was cut off, with exit code {code}")
        text = line.decode("utf-8", "replace").strip()
        words = text.split()
        if not words or words[0] not in _FIRST_WORDS:
            raise CutOff(f"it is not the guard that says: {text[:_SHOWN]}")
        if words[0] == "refused":
            raise Refused(*words[1:])
        if words[0] == "failed":
            _, complaint = await self._heard(self._session.complaint())
            said = " ".join(words[1:])
            if said == _INCOMPLETE:
                raise CutOff(said)  # on its way
            raise RemoteError(f"the guard says: {said}", details=complaint)
        return words

    async def content(self, size: int) -> AsyncIterator[bytes]:
        """Yield so many bytes that follow a line.

        Raises:
            CutOff: If there are fewer.
        """
        while size:
            content = await self._heard(self._session.read(min(size, _CHUNK_BYTES)))
            if not content:
                raise CutOff("the guard was cut off in the middle of an output")
            size -= len(content)
            yield content

    async def _heard(self, what: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._silent_s):
                return await what
        except TimeoutError:
            raise Silent(f"nothing was heard of it for {self._silent_s:g}s") from None


def ended_of(words: list[str]) -> Ended:
    """Return what the line ``end CODE WHY SINCE UNTIL NOW OUT ERR`` says."""
    sizes = [int(size) for size in words[6:8]]
    return Ended(None if words[1] == "-" else int(words[1]), words[2], *sizes)


def killed_of(words: list[str]) -> Ended | None:
    """Return what that line says of a step that was to be killed; None if it had not begun."""
    return None if words[5] == "-" else ended_of(words)


def age_of(since: str, now: str) -> float | None:
    """Return the seconds between two times of the guard, of which the first may be unknown."""
    return None if since == "-" else max(0.0, float(now) - float(since))

"""The way to the guard of a machine: has its script there, asks it, and notices when it is cut off."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING

from brookline.errors import RemoteError, Unreachable
from brookline.locations.answers import Answer, CutOff

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from brookline.locations.shells import Shell

SILENT_S = 60.0
"""How long a machine that is asked something may say nothing, before it counts as out of reach."""

_SH = "/bin/sh"
_WAY_BROKE = 255

# Less than the whole of it comes when the way to the machine breaks, and must not be taken for it.
_INSTALL = """\
whole() { test -e "$1" && test "$(wc -c <"$1")" -eq "$2"; }
whole "$1/$2" "$3" && exit 0
umask 077
mkdir -p "$1" && cat >"$1/.$2.$$" || exit 1
whole "$1/.$2.$$" "$3" && exec mv -f "$1/.$2.$$" "$1/$2"
rm -f "$1/.$2.$$"
exit 255
"""


@functools.cache
def script() -> tuple[str, bytes]:
    """Return the guard's script, and the file name that it has on machines."""
    content = Path(__file__).with_name("guard.sh").read_bytes()
    return f"guard-{hashlib.sha256(content).hexdigest()[:16]}.sh", content


class Way:
    """The way to the guard of a machine.

    Args:
        shell: The way to the machine.
        home: Absolute path of the folder on the machine that has the script.
        silent_s: Seconds without a word after which an answer is taken for cut off.
    """

    def __init__(self, shell: Shell, home: str, silent_s: float) -> None:
        self._shell = shell
        self._home = home
        self._silent_s = silent_s
        self._installed = False

    async def ask(self, *arguments: str, silent_s: float = math.inf) -> list[str]:
        """Return the words of an answer of one line; what is asked is not ended with us."""
        async with self.open(*arguments, attached=False, silent_s=silent_s) as answer:
            return await answer.words()

    @contextlib.asynccontextmanager
    async def open(
        self,
        *arguments: str,
        stdin: bytes = b"",
        attached: bool = True,
        silent_s: float = math.inf,
    ) -> AsyncIterator[Answer]:
        """Ask the guard something for the time of a block.

        Args:
            *arguments: What.
            stdin: What it reads.
            attached: Whether it may be ended with the block.
            silent_s: Seconds without a word after which it is taken for cut off, if that is to be
                sooner than for others.

        Raises:
            Unreachable: If the answer, or what the block expects of it, is cut off.
            RemoteError: If there can be no guard, or it says that it failed.
        """
        path = f"{self._home}/{script()[0]}"
        for last in (False, True):
            if not self._installed:
                await self._install()
            async with self._shell.open(
                _SH, path, *arguments, stdin=stdin, attached=attached
            ) as session:
                answer = Answer(session, min(silent_s, self._silent_s))
                try:
                    complaint = await answer.missing_script()
                    if complaint is None:
                        yield answer
                        return
                except CutOff as why:
                    raise self._unreachable(str(why)) from why
            self._installed = False
            if last:
                raise RemoteError(f"the guard in {self._home} cannot be run: {complaint}")

    async def _install(self) -> None:
        """Send the script, if this version of it is not there."""
        name, content = script()
        command = (_SH, "-c", _INSTALL, "brookline", self._home, name, str(len(content)))
        async with self._shell.open(*command, stdin=content, attached=False) as session:
            try:
                async with asyncio.timeout(self._silent_s):
                    code, complaint = await session.complaint()
            except TimeoutError:
                why = "nothing was heard of it while the guard was sent"
                raise self._unreachable(why, sent=False) from None
        if code < 0 or code == _WAY_BROKE:
            why = complaint or f"it was cut off while the guard was sent, with exit code {code}"
            raise self._unreachable(why, sent=False)
        if code:
            raise RemoteError(f"the guard cannot be put into {self._home}: {complaint}")
        self._installed = True

    def _unreachable(self, why: str, *, sent: bool = True) -> Unreachable:
        """Return the error that says why; the last line of a complaint is what it is about."""
        before, _, last = why.strip().rpartition("\n")
        return Unreachable(self._shell.name, last, sent=sent, details=why if before else "")

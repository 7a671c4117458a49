"""A process of proxies, seen from the runner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from tests.lab import proxy

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]


class Proxies:
    """Proxies that stand in one place.

    Args:
        links: All that they do.
        log: File for what they say.
        prefix: Words before the command, so that it runs in its place.
    """

    def __init__(self, links: proxy.Links, log: Path, prefix: Sequence[str] = ()) -> None:
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "tests.lab.proxy"],
                stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=ROOT,
            )  # fmt: skip
        self._say(links)

    def behave(self, source: str, target: str, conduct: proxy.Conduct) -> None:
        """Let the link from a source to a target behave like this."""
        self._say(proxy.Change(source, target, conduct))

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _say(self, word: msgspec.Struct) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(word) + b"\n")
        self._process.stdin.flush()

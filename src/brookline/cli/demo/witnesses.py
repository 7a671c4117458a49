"""Two clients that go on all the while: one reads the page, one writes through the API.

Each runs in a thread of its own and keeps a record that is judged afterwards.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import itertools
import threading
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from brookline.client import calls
from brookline.errors import BrooklineError, Outcome, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.client.client import Client
    from brookline.values.pace import Pace

EVERY_S = 0.05
KEY = "demo.write.{:05}"


@dataclasses.dataclass(slots=True)
class Record:
    """What one witness has seen, in the order of time.

    Attributes:
        moments: When it was answered, on the clock of the demo.
        failures: What went wrong, each with its time.
    """

    moments: list[float] = dataclasses.field(default_factory=list)
    failures: list[tuple[float, str]] = dataclasses.field(default_factory=list)

    def count_since(self, start: float) -> int:
        """Return how many answers came since then."""
        return sum(1 for moment in self.moments if moment >= start)

    def first_after(self, start: float) -> float | None:
        """Return when the first answer came that came after then."""
        return next((moment for moment in self.moments if moment > start), None)

    def longest_pause_s(self, start: float, end: float) -> float:
        """Return the longest time without an answer between two moments."""
        within = [moment for moment in self.moments if start <= moment <= end]
        edges = [start, *within, end]
        return max(later - earlier for earlier, later in itertools.pairwise(edges))

    def failures_since(self, start: float) -> list[str]:
        """Return what went wrong since then."""
        return [text for moment, text in self.failures if moment >= start]


class Witness:
    """Does one thing again and again until it is dismissed."""

    def __init__(self, name: str, pace: Pace, act: Callable[[Record], None]) -> None:
        self.record = Record()
        self._pace = pace
        self._act = act
        self._dismissed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._dismissed.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._dismissed.is_set():
            started = self._pace.monotonic()
            self._act(self.record)
            self._dismissed.wait(max(0.0, EVERY_S - (self._pace.monotonic() - started)))


class Reader:
    """Reads a page, each time on a connection of its own."""

    def __init__(self, url: str, pace: Pace) -> None:
        self._url = urlsplit(url)
        self._pace = pace

    def __call__(self, record: Record) -> None:
        """Read it once."""
        try:
            status = self._status()
        except (OSError, http.client.HTTPException) as error:
            problem = str(error) or type(error).__name__
        else:
            problem = "" if status == 200 else f"status {status}"
        if problem:
            record.failures.append((self._pace.monotonic(), problem))
        else:
            record.moments.append(self._pace.monotonic())

    def _status(self) -> int:
        connection = http.client.HTTPConnection(self._url.hostname or "", self._url.port, timeout=2)
        with contextlib.closing(connection):
            connection.request("GET", self._url.path or "/")
            answer = connection.getresponse()
            answer.read()
            return answer.status


class Writer:
    """Writes one new config key after the other, and knows which were acknowledged.

    The client library sends a write again whose answer was lost. Should that be in vain, too, it is
    done here: the write sets the same key to the same value, so doing it twice is doing it once.

    Attributes:
        acknowledged: Keys whose writes were acknowledged.
        repeated: How many writes were sent again here because their answer was lost for good.
    """

    def __init__(self, client: Client, app: str, pace: Pace) -> None:
        self.acknowledged: list[str] = []
        self.repeated = 0
        self._client = client
        self._app = app
        self._pace = pace
        self._number = 0

    def __call__(self, record: Record) -> None:
        """Write one key."""
        self._number += 1
        key = KEY.format(self._number)
        call = calls.set_config(self._app, self._app, key=key, value=self._number)
        while True:
            try:
                self._client.do(call)
            except Unavailable as error:
                if error.outcome is Outcome.UNKNOWN:
                    self.repeated += 1
                    continue
                record.failures.append((self._pace.monotonic(), error.message))
            except BrooklineError as error:
                record.failures.append((self._pace.monotonic(), error.message))
            else:
                record.moments.append(self._pace.monotonic())
                self.acknowledged.append(key)
            return

    def missing(self, client: Client) -> list[str]:
        """Return the acknowledged keys that the plane does not show."""
        shown = client.do(calls.config_values(self._app, self._app))
        return [key for key in list(self.acknowledged) if key not in shown]

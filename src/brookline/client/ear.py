"""An ear: hears on a stream of events that something has changed, so that nobody looks in vain.

It tells only *that* one had better look: what there is to see is asked as ever. So it may fail, miss
something, or not be offered by a node, and whoever waits merely looks as often as without it.
"""

from __future__ import annotations

import http.client
import threading
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from brookline.values.pace import Pace

STREAM = "/v1/events"
SILENT_S = 20.0
"""A stream that says nothing for so long is dead; nodes say something every five seconds."""

QUIET_S = 2.0
"""How long nobody looks by himself while a stream stands."""

_GATHER_S = 0.05
"""One event rarely comes alone, and one look will do for all."""

_PAUSE_S = 0.5
_REFUSALS = range(400, 500)


class Ear:
    """Listens to one node after another, in a thread of its own.

    Args:
        urls: Returns the addresses of nodes, the best first.
        connect: Returns a connection to an address, not open yet.
        headers: Credentials.
        query: What is wanted of the stream.
        names: Events that are worth a look.
    """

    def __init__(
        self,
        urls: Callable[[], Sequence[str]],
        connect: Callable[[str], http.client.HTTPConnection],
        *,
        headers: Mapping[str, str],
        query: str,
        names: Iterable[str],
    ) -> None:
        self._urls = urls
        self._connect = connect
        self._headers = {**headers, "Accept": "text/event-stream"}
        self._query = query
        self._names = {f"event: {name}".encode() for name in names}
        self._heard = threading.Event()
        self._closed = threading.Event()
        self._stands = False
        self._refused = False
        self._thread: threading.Thread | None = None

    @property
    def stands(self) -> bool:
        """Whether a node tells what changes."""
        return self._stands

    def pause(self, pace: Pace, seconds: float, most_s: float = QUIET_S) -> None:
        """Wait until something is heard; without a stream, for some seconds.

        Args:
            pace: The clock.
            seconds: Between two looks of who hears nothing.
            most_s: Between two looks while a stream stands.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._listen, name="events", daemon=True)
            self._thread.start()
        if self._stands:
            if self._heard.wait(max(seconds, most_s)):
                pace.sleep(_GATHER_S)
        else:
            pace.sleep(seconds)
        self._heard.clear()

    def close(self) -> None:
        """Listen no more. The thread ends when its connection next says something, or with the process."""
        self._closed.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        number = 0
        while not (self._closed.is_set() or self._refused):
            urls = self._urls()
            try:
                self._hear(urls[number % len(urls)])
            except (OSError, http.client.HTTPException, ValueError):
                pass  # whoever waits is told by its own requests what is wrong
            finally:
                self._stands = False
                self._heard.set()
            number += 1
            self._closed.wait(_PAUSE_S)

    def _hear(self, url: str) -> None:
        connection = self._connect(url)
        connection.timeout = SILENT_S
        try:
            path = f"{urlsplit(url).path.rstrip('/')}{STREAM}?{self._query}"
            connection.request("GET", path, headers=self._headers)
            answer = connection.getresponse()
            if answer.status in _REFUSALS:
                self._refused = True
            media = answer.getheader("Content-Type") or ""
            if answer.status != 200 or not media.startswith("text/event-stream"):
                return
            self._stands = True
            self._heard.set()  # what changed before is not told
            while (line := answer.readline()) and not self._closed.is_set():
                if line.rstrip() in self._names:
                    self._heard.set()
        finally:
            connection.close()

"""Clients of a simulated plane: each appends unique items through any node's door.

What became of each write is one of three: *acknowledged*, *not done* (never sent, or the answer says
so), or *unknown*. The oracle holds the plane to it. Some clients repeat what is unknown, with the
key that they gave it, at any node.
"""

from __future__ import annotations

import asyncio
import collections
import enum
from typing import TYPE_CHECKING

from brookline.plane.peers import Reply, Request
from brookline.testing.connection import Broken, Refused
from brookline.testing.sim_peers import CONNECT_S, Failure, Read, Refusal, Write
from brookline.testing.toy import BIG

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness
    from brookline.testing.host import Host
    from brookline.testing.sim_server import SimServer


_READ = 0.3
"""Share of acknowledged writes that their client reads back."""

_AGAIN = 0.8
"""Share of unknown writes that a client with keys sends again, each time."""

_BIG = 0.003
"""Share of writes whose payload goes to a blob."""


class Outcome(enum.Enum):
    """What a client knows of its write."""

    ACKNOWLEDGED = "acknowledged"
    NOT_DONE = "not done"
    UNKNOWN = "unknown"


class SimClient:
    """Writes one item after the other, each until it is known or given up.

    Args:
        harness: The plane.
        name: Of its host, and of its items.
        lists: To which it appends.
        pause_s: Longest pause between two writes.
        keys: Whether it gives its writes keys, and repeats those of which nothing is known.

    Attributes:
        acknowledged: How many writes were.
        unknown: How many may have been done.
        patience_s: How long it waits for an answer, each time one of these.
        sent: Requests that were sent and not refused: the server, and true time.
    """

    patience_s: tuple[float, ...] = (2.0, 8.0, 20.0)

    def __init__(
        self,
        harness: PlaneHarness,
        name: str,
        *,
        lists: tuple[str, ...],
        pause_s: float,
        keys: bool = False,
    ) -> None:
        self.name = name
        self.acknowledged = 0
        self.unknown = 0
        self.sent: list[tuple[str, str, float]] = []
        self._harness = harness
        self._lists = lists
        self._pause_s = pause_s
        self._keys = keys
        self._count = 0
        self._seen = 0
        self._bodies: dict[str, bytes] = {}
        self.host: Host = harness.loop.host(name)

    async def run(self) -> None:
        """Write until cancelled."""
        random = self._harness.random
        while True:
            await self._one(self._lists[random.randrange(len(self._lists))])
            await self.host.clock.sleep(self._pause_s * random.random())

    async def write(self, server: SimServer, path: str, request: str) -> Outcome:
        """Send one write to one server, and tell what is known of it then."""
        random = self._harness.random
        try:
            async with asyncio.timeout(CONNECT_S):
                end = await self._harness.network.connect(server.address)
        except (Refused, TimeoutError):
            return Outcome.NOT_DONE
        if self._harness.oracle.is_called_not_done(request):
            end.close()  # somebody relies on it by now
            return Outcome.UNKNOWN
        self.sent.append((request, server.name, self._harness.loop.true_time()))
        try:
            end.send(Write(self._request(request, path)))
            async with asyncio.timeout(random.choice(self.patience_s)):
                answer = await end.receive()
        except (Broken, TimeoutError):
            return Outcome.UNKNOWN
        finally:
            end.close()
        match answer:
            case Reply(status=200):
                self._seen = int(dict(answer.headers)["seq"])
                self._harness.oracle.answered(request, answer.body.decode())
                return Outcome.ACKNOWLEDGED
            case Failure(outcome="not-done"):
                return Outcome.NOT_DONE
            case _:
                return Outcome.UNKNOWN

    def _request(self, request: str, path: str) -> Request:
        if request not in self._bodies:
            self._bodies[request] = BIG * (self._harness.random.random() < _BIG)
        return Request(
            id=request, method="POST", path=path, user=self.name, body=self._bodies[request],
            from_client=self._keys, repeatable=True,
        )  # fmt: skip

    def sent_to(self, server: str, since: float) -> list[str]:
        """Return the requests that were sent to a server since some true time, and never else."""
        times = collections.Counter(request for request, _, _ in self.sent)
        return [
            request
            for request, to, when in self.sent
            if to == server and when >= since and times[request] == 1
        ]

    async def _one(self, name: str) -> None:
        """Have one item appended; while it is certainly not done, ask another server."""
        harness, self._count = self._harness, self._count + 1
        random = harness.random
        request, path = f"{self.name}-{self._count}", f"/lists/{name}"
        servers, outcome = list(harness.servers.values()), Outcome.NOT_DONE
        for _ in range(2 * len(servers)):
            server = servers[random.randrange(len(servers))]
            said = await self.write(server, path, request)
            if said is Outcome.NOT_DONE and outcome is Outcome.UNKNOWN:
                said = outcome  # not by this server; by one before, perhaps
            outcome = said
            if outcome is Outcome.ACKNOWLEDGED or not self._asks_again(request, outcome):
                break
            if outcome is Outcome.NOT_DONE and random.random() < 0.3:
                harness.oracle.not_done(request, f"{server.name} said that it was not done")
                return
            await self.host.clock.sleep(0.2 * random.random())
        self.learn(request, outcome)
        if outcome is Outcome.ACKNOWLEDGED and random.random() < _READ:
            await self._read_back(servers[random.randrange(len(servers))], name, request)

    def _asks_again(self, request: str, outcome: Outcome) -> bool:
        if outcome is Outcome.NOT_DONE:
            return True
        if not self._keys or self._harness.oracle.is_called_not_done(request):
            return False
        return self._harness.random.random() < _AGAIN

    async def _read_back(self, server: SimServer, name: str, request: str) -> None:
        """Read a write of one's own through any server: it shows it, or says that it cannot yet."""
        try:
            async with asyncio.timeout(self.patience_s[0]):
                end = await self._harness.network.connect(server.address)
                try:
                    end.send(Read(name, self._seen))
                    answer = await end.receive()
                finally:
                    end.close()
        except (Refused, Broken, TimeoutError):
            return
        if not isinstance(answer, Refusal) and request not in answer:
            self._harness.oracle.wrong(f"{request} was acknowledged, but {server.name} hides it")

    def learn(self, request: str, outcome: Outcome) -> None:
        """Hold the plane to what is known of a write."""
        match outcome:
            case Outcome.ACKNOWLEDGED:
                self.acknowledged += 1
                self._harness.oracle.acknowledged(request)
            case Outcome.NOT_DONE:
                self._harness.oracle.not_done(request, "everybody said that it was not done")
            case Outcome.UNKNOWN:
                self.unknown += 1
                self._harness.transcript.note("unknown", request=request)

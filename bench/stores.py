"""Rows: planes on stores that are servers of their own: throughput, failover, hand-over."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from bench.figures import CannotMeasure, Figure, Row, Setting, at_least
from tests.backends.etcd import Etcd
from tests.backends.juicefs import Juicefs
from tests.backends.postgresql import Postgresql
from tests.backends.programs import Missing
from tests.backends.seaweedfs import Seaweedfs

from bench import failover, journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


REMEMBERS_S = 1.0
"""How long a mount does not ask again for names and attributes, as an NFS client with ``actimeo=1``."""


class Server(Protocol):
    def start(self) -> None: ...
    def close(self) -> None: ...


class StoreServer(Server, Protocol):
    def place(self) -> str: ...


S = TypeVar("S", bound=Server)


class Kind(NamedTuple):
    """One kind of store.

    Attributes:
        name: For people.
        make: Its server.
        changes: Durable changes a second that it must do.
        kill_s: From the `kill -9` to the first write, at most.
        hand_over_s: Without an accepted write in a hand-over, at most.
    """

    name: str
    make: Callable[[], StoreServer]
    changes: float
    kill_s: float
    hand_over_s: float


KINDS = (
    Kind("PostgreSQL", Postgresql, 8_000, 0.7, 0.1),
    Kind("etcd", Etcd, 8_000, 0.7, 0.1),
    Kind("SeaweedFS", Seaweedfs, 4_000, 1.2, 0.3),
)


@contextlib.contextmanager
def served(make: Callable[[], S]) -> Iterator[S]:
    """Run a server.

    Raises:
        CannotMeasure: If its program is not here.
    """
    try:
        server = make()
    except Missing as missing:
        raise CannotMeasure(str(missing)) from missing
    try:
        server.start()
        yield server
    finally:
        server.close()


def store_changes(setting: Setting) -> Sequence[Figure]:
    """Durable changes a second by 64 concurrent callers in the process, on each kind of store."""
    figures = []
    for kind in KINDS:
        with served(kind.make) as server:
            rates = [asyncio.run(journal.rate(server.place())) for _ in range(setting.rounds)]
        what = f"{kind.name}: durable record changes a second, {journal.CALLERS} concurrent callers"
        figures.append(at_least(what, rates, kind.changes, form="{:,.0f}"))
    return figures


def store_kill(setting: Setting) -> Sequence[Figure]:
    """`kill -9` of the master, to the first write of the other, on each kind of store."""
    figures: list[Figure] = []
    for kind in KINDS:
        with served(kind.make) as server:
            figures += failover.killed(
                _beneath(setting, kind),
                kind.kill_s,
                on_what=f"{kind.name}: ",
                places=lambda: (server.place(),) * 2,
            )
    return figures


def store_hand_over(setting: Setting) -> Sequence[Figure]:
    """SIGTERM of the master, while a client writes to whichever is up, on each kind of store."""
    figures: list[Figure] = []
    for kind in KINDS:
        with served(kind.make) as server:
            figures += failover.handed_over(
                _beneath(setting, kind), kind.hand_over_s,
                on_what=f"{kind.name}: ", places=lambda: (server.place(),) * 2,
            )  # fmt: skip
    return figures


def mounted(setting: Setting) -> Sequence[Figure]:
    """Failover, hand-over and lag on a folder that each node mounts for itself, as with NFS."""
    on_what = "mounted twice: "
    with served(lambda: Juicefs(REMEMBERS_S)) as system:

        def places() -> Sequence[str]:
            return [str(path) for path in system.places()]

        return [
            *failover.killed(setting, 0.7, on_what=on_what, places=places),
            *failover.handed_over(setting, 0.1, on_what=on_what, places=places),
            *failover.lagging(setting, on_what=on_what, places=places),
        ]


def _beneath(setting: Setting, kind: Kind) -> Setting:
    return Setting(setting.folder / kind.name, setting.rounds)


ROWS = (
    Row("store-changes", store_changes),
    Row("store-kill", store_kill),
    Row("store-hand-over", store_hand_over),
    Row("mounted", mounted),
)

"""Rows: what clients see while the mastership changes, and how far a standby is behind."""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import threading
import time
from typing import TYPE_CHECKING

from bench.figures import Figure, Row, Setting, at_most, percentile, told
from bench.nodes import deploy, entities, many, plane, start_all
from bench.sizes import LARGE, wait_for_rest
from bench.writers import Writer, missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.nodes import Node

BEFORE_S, AFTER_S, LAG_S = 2.0, 3.0, 8.0
FEW = 50
PACE_S = 0.02


@dataclasses.dataclass(frozen=True, slots=True)
class Stage:
    """Two nodes with default settings, and an application."""

    master: Node
    standby: Node
    app: str
    entities: list[str]

    def writer(self, *nodes: Node, name: str = "w", every_s: float = 0.0) -> Writer:
        """Return a client that knows these nodes, both else."""
        known = nodes or (self.master, self.standby)
        return Writer(known, self.app, self.entities, name=name, every_s=every_s)


@contextlib.contextmanager
def stage(
    setting: Setting, name: str, count: int = FEW, stores: Sequence[str] = ()
) -> Iterator[Stage]:
    """Start a master and a hot standby, and deploy so many entities.

    Args:
        setting: Where and how often.
        name: Of the folder.
        count: Of entities.
        stores: The URL of the store as each node finds it; nothing for a folder on the measured disk.
    """
    with plane(setting.folder / name, "n1", "n2") as (master, standby):
        for node, store in zip((master, standby), stores or (str(master.shared),) * 2, strict=True):
            node.store = store
        start_all([master, standby])
        app = deploy(master, many(count))
        wait_for_rest(master)
        wait_for_rest(standby)
        yield Stage(master, standby, app, entities(master, app)[:FEW])


def kill(setting: Setting) -> Sequence[Figure]:
    """`kill -9` of the master, to the first write that the other one accepts."""
    return killed(setting, 0.7, brooklyn="33.4 s")


def killed(
    setting: Setting,
    most: float,
    *,
    on_what: str = "",
    brooklyn: str = "-",
    places: Callable[[], Sequence[str]] = tuple,
) -> Sequence[Figure]:
    """Measure `kill`, on a new place in a store each time.

    Args:
        setting: Where and how often.
        most: Seconds that it may take.
        on_what: The store, for people.
        brooklyn: What Brooklyn takes.
        places: Returns the URL of a store that nobody has used, as each node finds it.
    """
    seconds, lost = [], []
    for number in range(setting.rounds):
        with stage(setting, f"kill-{number}", stores=places()) as on:
            with on.writer() as writer:
                moment = _kill(on, writer)
            account = writer.account
            seconds.append(account.first_after(moment, on.standby.port).at - moment)
            lost.append(float(len(missing(on.standby, on.app, [account]))))
    what = f"{on_what}kill -9 of the master to the first write accepted by the other"
    return [
        at_most(what, seconds, most, form="{:.2f} s", brooklyn=brooklyn),
        _none(
            f"{on_what}the same: acknowledged writes lost",
            lost,
            brooklyn="-" if on_what else "53 of 616",
        ),
    ]


def hot_standby(setting: Setting) -> Sequence[Figure]:
    """A hot standby with 10,000 entities: from the vacancy to the first write it accepts.

    The vacancy is when the standby decides that nobody leads; the history tells it. The time from the
    `kill -9` is shown too.
    """
    seconds, whole = [], []
    for number in range(setting.rounds):
        with stage(setting, f"hot-{number}", LARGE) as on:
            with on.writer() as writer:
                moment = _kill(on, writer)
            first = writer.account.first_after(moment, on.standby.port).at
            newest = on.standby.ask("GET", "/v1/server/ha/history").json()[0]
            vacant = (newest["startedUtc"] - newest["electMs"]) / 1000
            seconds.append(first + (time.time() - time.perf_counter()) - vacant)
            whole.append(first - moment)
    what = "10,000 entities, hot standby: vacancy to first accepted write"
    return [
        at_most(what, seconds, 0.5, form="{:.2f} s"),
        told("the same, from the kill -9", whole, form="{:.2f} s"),
    ]


def hand_over(setting: Setting) -> Sequence[Figure]:
    """SIGTERM of the master, while a client writes to whichever is up."""
    return handed_over(setting, 0.1, brooklyn="5.2 s")


def handed_over(
    setting: Setting,
    most: float,
    *,
    on_what: str = "",
    brooklyn: str = "-",
    places: Callable[[], Sequence[str]] = tuple,
) -> Sequence[Figure]:
    """Measure `hand_over`; arguments as those of `killed`."""
    pauses, refused, lost = [], [], []
    for number in range(setting.rounds):
        with stage(setting, f"hand-over-{number}", stores=places()) as on:
            with on.writer() as writer:
                time.sleep(BEFORE_S)
                begin = time.perf_counter()
                on.master.send(signal.SIGTERM)
                on.master.process.wait(30)
                time.sleep(AFTER_S)
                end = time.perf_counter()
            account = writer.account
            pauses.append(account.longest_pause_s(begin, end))
            refused.append(float(len(account.refused) + len(account.unknown)))
            lost.append(float(len(missing(on.standby, on.app, [account]))))
    what = f"{on_what}graceful hand-over, longest time without an accepted write"
    return [
        at_most(what, pauses, most, form="{:.3f} s", brooklyn=brooklyn),
        _none(f"{on_what}the same: writes refused, or not answered", refused),
        _none(
            f"{on_what}the same: acknowledged writes lost",
            lost,
            brooklyn="-" if on_what else "51 of 550",
        ),
    ]


def lag(setting: Setting) -> Sequence[Figure]:
    """From the answer to a write to the moment at which a hot standby shows its sequence."""
    return lagging(setting, brooklyn="1 s and a full reload")


def lagging(
    setting: Setting,
    *,
    on_what: str = "",
    brooklyn: str = "-",
    places: Callable[[], Sequence[str]] = tuple,
) -> Sequence[Figure]:
    """Measure `lag`; arguments as those of `killed`."""
    halves, tails = [], []
    for number in range(setting.rounds):
        with stage(setting, f"lag-{number}", stores=places()) as on:
            behind = _lags(on)
        halves.append(1000 * percentile(behind, 0.5))
        tails.append(1000 * percentile(behind, 0.99))
    what = f"{on_what}lag of a hot standby"
    return [
        at_most(f"{what}, median", halves, 10, form="{:.1f} ms", brooklyn=brooklyn),
        at_most(f"{what}, p99", tails, 100, form="{:.1f} ms"),
    ]


def _kill(on: Stage, writer: Writer) -> float:
    """Kill the master, wait until the client can write again, and return when it was killed."""
    time.sleep(BEFORE_S)
    moment = time.perf_counter()
    on.master.kill()
    writer.wait_for(50)
    return moment


def _lags(on: Stage) -> list[float]:
    """Return by how many seconds the standby showed each of some paced writes later than it was answered."""
    shown: list[tuple[float, int]] = []
    over = threading.Event()

    def watch() -> None:
        with contextlib.closing(on.standby.connection()) as connection:
            while not over.is_set():
                headers = connection.ask("GET", "/v1/server/ha/state").headers
                shown.append((time.perf_counter(), int(headers["brookline-sequence"])))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    with on.writer(on.master, every_s=PACE_S) as writer:
        time.sleep(LAG_S)
    time.sleep(0.5)
    over.set()
    watcher.join()
    return [
        max(0.0, next(at for at, seq in shown if seq >= one.sequence) - one.at)
        for one in writer.account.accepted
    ]


def _none(what: str, rounds: Sequence[float], brooklyn: str = "-") -> Figure:
    return at_most(what, rounds, 0, form="{:.0f}", brooklyn=brooklyn, combine=max)


ROWS = (
    Row("hot-standby", hot_standby),
    Row("kill", kill),
    Row("hand-over", hand_over),
    Row("lag", lag),
)

"""One run: raise a lab, let the nemesis rage, mend, harvest, judge."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from tests.lab import schedule
from tests.lab.harvest import read_faults, read_log, read_trace, read_views
from tests.lab.history import History
from tests.lab.lab import Lab
from tests.lab.nemesis import Nemesis

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.lab.lab import Options
    from tests.lab.schedule import Deed

MENDED_S = 60.0
"""How long the plane may take to write again after all faults are over."""

_ALWAYS = (
    schedule.KILL, schedule.TERM, schedule.PAUSE, schedule.KILL_ALL, schedule.ROLL, schedule.SWITCH,
    schedule.UPGRADE, schedule.NODE_NODE, schedule.NODE_CLIENT, schedule.CLIENTS, schedule.ISOLATE,
    schedule.SLOW, schedule.LOSSY,
)  # fmt: skip


def menu(store_faults: Sequence[str], *, moves_clocks: bool) -> tuple[str, ...]:
    """Return the kinds of faults that can be had.

    Args:
        store_faults: Those of the store.
        moves_clocks: Whether libfaketime is there.
    """
    clock = (schedule.CLOCK,) if moves_clocks else ()
    return (*_ALWAYS, *clock, *store_faults)


def run(
    options: Options, say: Callable[[str], None], script: Sequence[Deed] | None = None
) -> History:
    """Return what happened in a run.

    Args:
        options: What is wanted.
        say: Tells people what goes on.
        script: The schedule, if it is not to be drawn from the seed.
    """
    with contextlib.closing(Lab(options)) as lab:
        lab.start()
        say(f"seed {options.seed}: {', '.join(lab.node_names)} on {lab.network.kind}")
        deeds = script
        if deeds is None:
            kinds = menu(lab.store.faults, moves_clocks=bool(options.faketime))
            deeds = schedule.draw(options.seed, options.seconds, kinds, lab.node_names)
        for deed in deeds:
            say(f"  {deed}")
        nemesis = Nemesis(lab)
        began = lab.now()
        nemesis.rage(deeds)
        seconds = lab.now() - began
        nemesis.mend()
        recovered_s = _recovered(lab)
        lab.end_clients()
        _await_all(lab)
        return _harvest(lab, nemesis, seconds=seconds, recovered_s=recovered_s)


def _recovered(lab: Lab) -> float:
    """Return how long it takes until a write is done again; negative if none is."""
    mended = lab.now()
    while lab.now() < mended + MENDED_S:
        if (written := lab.written_after(mended)) is not None:
            return round(written - mended, 3)
        for node in lab.nodes.values():
            node.start()
        time.sleep(0.1)
    return -1.0


def _await_all(lab: Lab) -> None:
    """Wait until every node answers reads, or for as long as that may take."""
    mended = lab.now()
    nodes = lab.nodes.values()
    while lab.now() < mended + MENDED_S and not all(node.takes_part() for node in nodes):
        time.sleep(0.1)


def _harvest(lab: Lab, nemesis: Nemesis, *, seconds: float, recovered_s: float) -> History:
    log = read_log(lab.store.url(), lab.entities)
    views = read_views(lab, log[-1].seq if log else 0)
    return History(
        seed=lab.options.seed, store=lab.options.store, network=lab.network.kind,
        nodes=lab.node_names, clients=lab.client_names, seconds=seconds, weak=lab.options.weak,
        recovered_s=recovered_s, ops=lab.accounts(),
        faults=tuple(sorted(nemesis.faults, key=lambda fault: fault.begin)),
        sights=tuple(sorted(lab.sights, key=lambda sight: sight.at)), log=log,
        ran=read_trace(lab.options.folder / "trace"), views=views, faults_logged=read_faults(lab),
    )  # fmt: skip

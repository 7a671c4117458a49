"""One more row of the matrix: a master that is cut off from the store, and goes on running.

Nothing of it is killed or stopped. It reaches its machine and its clients, and neither writes to the
store nor hears from it; then it is cut off no more. A few of the cells, all of them with MATRIX=all.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.backends.etcd import Etcd
from tests.backends.fixtures import served
from tests.backends.programs import free_port
from tests.e2e.servers import Cluster, Server
from tests.lab.proxies import Proxies
from tests.lab.proxy import CALM, Conduct, Links, Listener
from tests.matrix import cells
from tests.matrix.bench import Bench, Holds, with_plugin
from tests.matrix.cells import Cell, End, Moment
from tests.matrix.test_matrix import Play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(150),
    pytest.mark.xdist_group("cut-off"),
]

SILENT = Conduct(hold_up=True, hold_down=True)


class CutServer(Server):
    """A server that is cut off from the store where others are stopped."""

    cluster: CutCluster

    def launch(self, *options: str, store: bool = True) -> None:
        super().launch(*options, "--persistence-dir", self.cluster.urls[self.name], store=False)

    def pause(self) -> None:
        self.cluster.proxies.behave(self.name, "store", SILENT)

    def resume(self) -> None:
        self.cluster.proxies.behave(self.name, "store", CALM)


class CutCluster(Cluster):
    """Servers each of which reaches the store by a link of its own."""

    def __init__(self, folder: Path, store: Etcd) -> None:
        super().__init__(folder)
        whole, links, self.urls = store.place(), [], {}
        for name in ("n1", "n2"):
            here, there = ("127.0.0.1", free_port()), ("127.0.0.1", store.port)
            links.append(Listener("store", here, there, name))
            self.urls[name] = whole.replace(f":{store.port}/", f":{here[1]}/")
        self.proxies = Proxies(Links(0, tuple(links)), folder / "proxies.out")

    def __getitem__(self, name: str) -> Server:
        if name not in self.servers:
            self.servers[name] = CutServer(self, name)
        return self.servers[name]

    def close(self) -> None:
        super().close()
        self.proxies.close()


class CutBench(Bench):
    """A pair whose masters are cut off."""

    def __init__(self, folder: Path, store: Etcd) -> None:
        folder.mkdir(exist_ok=True)
        self.cluster = CutCluster(folder, store)
        self.holds = Holds(with_plugin(self.cluster))
        self._servers = [self.cluster["n1"], self.cluster["n2"]]


@pytest.fixture
def bench(tmp_path) -> Iterator[CutBench]:
    with served(Etcd) as store:
        made = CutBench(tmp_path / "bench", store)
        yield made
        print(made.log())
        made.close()


def chosen():
    """Return each third phase, at another moment each time, or all of them at each."""
    moments = list(Moment)
    if os.environ.get("MATRIX") == "all":
        return [Cell(phase, moment, End.STOP) for phase in cells.PHASES for moment in moments]
    phases = cells.PHASES[1::3]
    return [Cell(phase, moments[n % 3], End.STOP) for n, phase in enumerate(phases)]


@pytest.mark.parametrize("cell", [pytest.param(c, id=c.name) for c in chosen()])
def test_each_command_is_run_once_though_its_master_is_cut_off(bench, app, cell):
    Play(bench, app, cell).play()

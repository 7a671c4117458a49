from __future__ import annotations

import pytest
from tests.matrix.bench import App, Bench


@pytest.fixture(scope="session")
def benches(tmp_path_factory):
    """A pair of servers for all cells, and how to get another after one that went wrong."""
    made = []

    def get(*, anew=False):
        if anew or not made:
            if made:
                made.pop().close()
            made.append(Bench(tmp_path_factory.mktemp("matrix")))
        return made[0]

    yield get
    for bench in made:
        bench.close()


@pytest.fixture
def app(tmp_path):
    """An application that is not deployed yet; none of its commands waits for ever."""
    made = App(tmp_path / "app")
    yield made
    made.open_gates()

from __future__ import annotations

import pytest
from tests.e2e.servers import Cluster


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    yield made
    made.close()

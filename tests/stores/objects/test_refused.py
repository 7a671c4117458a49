"""An object store that takes no notice of conditions, as several that speak S3 do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from brookline.cli.doctor_store import examine_store

pytestmark = pytest.mark.slow

BROOKLINE = Path(sys.executable).with_name("brookline")


@pytest.fixture
def careless(scripted):
    scripted.held = {}
    return scripted


def test_the_doctor_says_which_property_it_lacks_and_what_to_use(careless):
    found = {each.check: each for each in examine_store(careless.url("s3"))}
    lacking = found["of many creates of a key, exactly one wins"]
    assert lacking.result == "fail"
    assert "16 of 16 racers were told that they won" in lacking.found
    assert "two nodes could lead" in lacking.fix
    assert found["verdict"].result == "fail"
    assert not [check for check in found if "latency" in check], "none was measured"
    assert careless.held == {}
    assert not any("s3same" in f"{each}" for each in found.values())


def test_a_server_refuses_to_keep_a_plane_in_it(careless, tmp_path):
    command = [
        str(BROOKLINE), "server", "--home", str(tmp_path / "n1"), "--port", "0",
        "--no-global-properties", "--persistence-dir", careless.url("s3"),
    ]  # fmt: skip
    environment = os.environ | {"HOME": str(tmp_path)}
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert "the store cannot carry high availability" in said
    assert "use a directory on a local disk or on NFS, PostgreSQL, etcd" in said
    assert "s3same" not in said
    assert not any("/journal/" in path for path in careless.held)

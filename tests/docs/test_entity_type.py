"""The entity type of the documents: installed as a package, and deployed on a real server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, named_files, section, shell_lines
from tests.docs.test_by_hand import Terminal, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]

PAGE = DOCS / "writing-entities.md"


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "visitors"
    folder.mkdir()
    for name, text in named_files(PAGE).items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def terminal(tmp_path):
    made = Terminal(tmp_path)
    yield made
    made.close()


def test_it_has_no_wrong_types(package):
    mypy = Path(sys.executable).with_name("mypy")
    done = subprocess.run(
        [mypy, "--strict", "--cache-dir", str(package / "cache"), "--config-file", "",
         str(package / "visitors.py")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_it_is_deployed_counts_and_goes_away(package, terminal):
    uv = Path(sys.executable).with_name("uv")
    terminal.run(
        f"{uv} pip install --quiet --offline --no-deps --no-build-isolation"
        f" --target installed ./visitors"
    )
    given = terminal.environment.get("PYTHONPATH", "")
    terminal.environment["PYTHONPATH"] = f"{terminal.folder / 'installed'}:{given}"
    terminal.serve(f"brookline server --home n1 --port {free_port()}")
    (terminal.folder / "visitors.yaml").symlink_to(package / "visitors.yaml")

    said = [terminal.run(line) for line in shell_lines(section(PAGE, "## Use it"))]

    deployed, visited, asked, sensor, deleted = said
    assert "RUNNING" in deployed
    assert visited == "Good evening\n"
    assert (asked.strip(), sensor.strip()) == ("1", "1")
    assert "is gone" in deleted

"""What `make console` has made, and what of it goes into a wheel: small at first, with nothing in it that the policy would refuse."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from brookline.console.files import STATIC

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "brookline"

MOST_BYTES = 120_000
"""Of the first page, compressed by gzip, which every browser takes."""


@pytest.fixture
def index():
    path = STATIC / "index.html"
    assert path.exists(), "the console is not built; run make console"
    return path.read_text()


def test_the_first_page_is_small(index):
    names = re.findall(r'(?:src|href)="/(assets/[^"]+)"', index)
    assert any(name.endswith(".js") for name in names)
    sizes = [(STATIC / f"{name}.gz").stat().st_size for name in names]
    assert sum(sizes) < MOST_BYTES


def test_the_first_page_runs_and_shows_nothing_from_elsewhere_or_in_line(index):
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", index) == []
    assert re.findall(r'(?:src|href)="(?!/)', index) == []


@pytest.mark.usefixtures("index")
def test_a_wheel_holds_all_of_the_console_and_what_else_is_no_python(tmp_path):
    # By the backend itself, as pip calls it: nothing is fetched.
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    built = subprocess.run(
        [*build, tmp_path], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        held = {one.filename: one.file_size for one in opened.infolist()}
    files = [path for path in PACKAGE.rglob("*") if path.is_file()]
    sizes = {
        path.relative_to(PACKAGE.parent).as_posix(): path.stat().st_size
        for path in files
        if path.suffix not in {".py", ".pyc"}
    }
    assert {name: held.get(name) for name in sizes} == sizes
    assert "brookline/console/static/index.html" in held
    assert any(re.fullmatch(r"brookline/console/static/assets/.+\.js\.br", name) for name in held)

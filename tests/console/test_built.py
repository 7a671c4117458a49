"""What `make console` has made: small at first, with nothing in it that the policy would refuse."""

from __future__ import annotations

import re

import pytest

from brookline.console.files import STATIC

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

"""What is fetched for tests is there only once it is whole."""

from __future__ import annotations

import os
import subprocess

import pytest
from tests.lab.test_lab import ROOT

FETCHES = """#!/bin/sh
shift
for package in "$@"; do :>"$package.deb"; done
"""
UNPACKS = """#!/bin/sh
mkdir -p usr/lib && echo whole >"usr/lib/$2" && [ "$2" != bad.deb ]
"""


@pytest.fixture
def unpack(tmp_path):
    """Unpacks packages of a Debian in which one is bad."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("apt-get", FETCHES), ("dpkg-deb", UNPACKS)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    env = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}

    def run(*packages):
        command = [str(ROOT / ".ci" / "unpack"), "there", *packages]
        return subprocess.run(command, cwd=tmp_path, env=env, check=False).returncode

    return run


def test_what_was_cut_short_is_not_there_and_done_again(unpack, tmp_path):
    assert unpack("aaa", "bad", "ccc") != 0
    assert not (tmp_path / "there").exists()

    assert unpack("aaa", "ccc") == 0
    assert sorted(path.name for path in (tmp_path / "there/usr/lib").iterdir()) == [
        "aaa.deb",
        "ccc.deb",
    ]
    assert not (tmp_path / "there.part").exists()

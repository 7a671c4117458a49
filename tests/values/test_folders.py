from __future__ import annotations

from pathlib import Path

import pytest

from brookline.values.folders import absolute, here


def test_a_path_counts_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert here() == tmp_path
    assert absolute(Path()) == tmp_path
    assert absolute(Path("a/b")) == tmp_path / "a" / "b"


def test_a_path_that_goes_up_needs_the_current_folder_no_more(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    assert absolute(Path("../home")) == tmp_path / "home"
    assert absolute(Path("..")) == tmp_path
    assert absolute(Path("x/../../a/../b")) == tmp_path / "b"


def test_going_up_begins_where_a_link_leads(tmp_path, monkeypatch):
    (tmp_path / "disk" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "deep")
    monkeypatch.chdir(tmp_path)
    assert absolute(Path("link/../store")) == tmp_path / "disk" / "store"
    assert absolute(Path("disk/../link/store")) == tmp_path / "link" / "store"


@pytest.mark.usefixtures("removed")
def test_nothing_counts_from_a_folder_that_was_removed():
    assert not list(here().glob("*"))
    assert not (here() / "address").exists()
    assert absolute(Path("/a/../b")) == Path("/b")
    with pytest.raises(ValueError, match=r"'\.' counts from the current folder, which was removed"):
        absolute(Path())

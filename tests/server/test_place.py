from __future__ import annotations

from pathlib import Path

import pytest

from brookline.server.place import read_place


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("/mnt/shared", "/mnt/shared"),
        ("shared", str(Path("shared").absolute())),
        ("~/shared", str(Path.home() / "shared")),
        ("directory:/mnt/shared", "/mnt/shared"),
        ("s3://bucket/plane", "s3://bucket/plane"),
        ("memory:x", "memory:x"),
    ],
)
def test_a_plane_is_kept_in_a_folder_or_where_a_url_says(text, url):
    assert read_place(text).url == url


def test_people_do_not_see_its_password():
    place = read_place("postgresql://me:secret@host/plane")
    assert place.url == "postgresql://me:secret@host/plane"
    assert "secret" not in f"{place} {place!r}"


def test_what_names_no_folder_cannot_be_read():
    with pytest.raises(ValueError, match="names the host"):
        read_place("file://filer/export")
    assert read_place("x") == read_place("x")


def test_a_plane_is_where_it_was_when_its_name_was_read(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    place = read_place("../shared")
    monkeypatch.chdir("/")
    (tmp_path / "in").rmdir()
    assert place.url == str(tmp_path / "shared")

from __future__ import annotations

import stat

import pytest

from brookline.errors import InvalidInput
from brookline.journal.records import Records
from brookline.security.first_user import FirstUser
from brookline.security.passwords import matches


def test_the_first_master_makes_admin_and_keeps_the_password_in_its_home(tmp_path):
    path = tmp_path / "admin-password"
    first = FirstUser(path)
    first.prepare()
    records = Records()

    item = first.first_user(records)

    assert item is not None
    password = path.read_text().strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.made == password
    records.apply(item.changes)
    admin = records.get("user", "admin")
    assert admin is not None
    assert admin["roles"] == ["root"]
    assert matches(password, admin["password"])
    assert first.first_user(records) is None


def test_a_password_written_before_a_crash_is_taken_again(tmp_path):
    path = tmp_path / "admin-password"
    path.write_text("kept\n")

    item = FirstUser(path).first_user(Records())

    assert item is not None
    assert path.read_text() == "kept\n"
    assert matches("kept", item.changes[0].value["password"])  # type: ignore[union-attr]


def test_a_plane_with_users_gets_none_and_no_file(tmp_path):
    records = Records()
    records.put("user", "ann", {"password": "x", "roles": []})
    first = FirstUser(tmp_path / "admin-password")
    first.prepare()

    assert first.first_user(records) is None
    assert list(tmp_path.iterdir()) == []


def test_a_node_with_users_of_its_own_makes_none(tmp_path):
    first = FirstUser(tmp_path / "admin-password", wanted=False)
    first.prepare()

    assert first.first_user(Records()) is None
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_read_matters_only_to_a_plane_without_users(tmp_path):
    path = tmp_path / "admin-password"
    path.mkdir()
    first = FirstUser(path)
    with_users = Records()
    with_users.put("user", "ann", {"password": "x", "roles": []})

    first.prepare()

    assert first.first_user(with_users) is None
    with pytest.raises(InvalidInput, match="admin-password"):
        first.first_user(Records())

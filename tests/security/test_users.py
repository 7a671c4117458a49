from __future__ import annotations

import stat

from brookline.journal.records import Records
from brookline.security.users import User, Users, to_value


def records(**hashes: str) -> Records:
    made = Records()
    for name, encoded in hashes.items():
        made.put("user", name, to_value(User(name, encoded)))
    return made


def test_users_follow_the_records(tmp_path):
    plane = records(ann="1")
    users = Users({}, view=lambda: plane, copy=tmp_path / "users.json")

    assert users.find("ann") == User("ann", "1")
    plane.put("user", "ann", to_value(User("ann", "2", ("readonly",))))

    assert users.find("ann") == User("ann", "2", ("readonly",))
    assert users.find("bob") is None


def test_a_user_configured_on_the_node_comes_before_the_planes(tmp_path):
    users = Users(
        {"ann": User("ann", "mine")},
        view=lambda: records(ann="planes", bob="b"),
        copy=tmp_path / "users.json",
    )

    assert users.find("ann") == User("ann", "mine")
    assert users.find("bob") == User("bob", "b")


def test_the_homes_copy_stands_in_until_the_store_answers(tmp_path):
    copy = tmp_path / "users.json"
    before = Users({}, view=lambda: records(ann="1"), copy=copy)
    news = before.news()
    assert news == {"ann": User("ann", "1")}
    before.keep(news)
    assert before.news() is None

    answered: list[Records] = []
    after = Users({}, view=lambda: answered[0] if answered else None, copy=copy)

    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert after.any()
    assert after.find("ann") == User("ann", "1")
    answered.append(records(bob="2"))
    assert after.find("ann") is None
    assert after.find("bob") == User("bob", "2")


def test_a_users_hash_is_that_of_the_user_who_is_found(tmp_path):
    copy = tmp_path / "users.json"
    plane = records(ann="planes", bob="b")
    known = Users({"ann": User("ann", "mine")}, view=lambda: plane, copy=copy)
    unread = Users({}, view=lambda: None, copy=copy)

    assert [known.hash_of(name) for name in ("ann", "bob", "eve")] == ["mine", "b", None]
    assert unread.hash_of("bob") is None
    unread.keep({"bob": User("bob", "kept")})
    assert unread.hash_of("bob") == "kept"


def test_without_a_copy_and_without_the_store_there_is_nobody(tmp_path):
    users = Users({}, view=lambda: None, copy=tmp_path / "users.json")

    assert not users.any()
    assert users.news() is None


def test_a_damaged_copy_is_nobody_and_not_an_error(tmp_path):
    copy = tmp_path / "users.json"
    copy.write_text("{")

    assert not Users({}, view=lambda: None, copy=copy).any()

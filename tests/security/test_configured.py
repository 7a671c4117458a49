from __future__ import annotations

import hashlib

from brookline.security.configured import configured_users, is_user_key
from brookline.security.passwords import matches

BASE = "brooklyn.webconsole.security"


def test_passwords_and_salted_hashes_are_read_as_amp_writes_them():
    digest = hashlib.sha256(b"qRt4secret").hexdigest()

    users, faults = configured_users(
        {
            f"{BASE}.users": "admin, bob",
            f"{BASE}.user.admin.password": "pass word",
            f"{BASE}.user.bob.salt": "qRt4",
            f"{BASE}.user.bob.sha256": digest,
            f"{BASE}.user.eve.password": "not listed",
        }
    )

    assert not faults
    assert list(users) == ["admin", "bob"]
    assert matches("pass word", users["admin"].password)
    assert matches("secret", users["bob"].password)


def test_a_star_lists_all_that_have_a_password():
    users, _ = configured_users(
        {
            f"{BASE}.users": "*",
            f"{BASE}.user.a.b.password": "1",
            f"{BASE}.user.c.password": "2",
        }
    )

    assert list(users) == ["a.b", "c"]


def test_a_user_without_a_password_and_one_with_half_a_hash_are_faults():
    users, faults = configured_users(
        {f"{BASE}.users": "ann,bob,c:d", f"{BASE}.user.bob.sha256": "12"}
    )

    assert not users
    assert "user 'ann' has neither brooklyn.webconsole.security.user.ann.password" in faults[0]
    assert "user.bob.sha256: not a SHA-256" in faults[1]
    assert "colon" in faults[2]


def test_no_users_named_is_nobody():
    assert configured_users({f"{BASE}.user.a.password": "1"}) == ({}, [])


def test_keys_of_users_are_known():
    assert is_user_key(f"{BASE}.user.a.b.sha256")
    assert not is_user_key(f"{BASE}.user.a.pasword")

from __future__ import annotations

import hashlib

import pytest

from brookline.security.passwords import amp_hash, argon2_hash, decoy_hash, matches, new_password


def test_an_argon2_hash_fits_its_password_only():
    encoded = argon2_hash("s3cret")

    assert encoded.startswith("$argon2id$")
    assert matches("s3cret", encoded)
    assert not matches("S3cret", encoded)


@pytest.mark.parametrize("salt", ["", "SAlt", "with$dollar"], ids=["none", "plain", "dollar"])
def test_amps_salted_sha256_fits(salt):
    digest = hashlib.sha256(f"{salt}pässword".encode()).hexdigest()

    assert matches("pässword", amp_hash(salt, digest.upper()))
    assert not matches("password", amp_hash(salt, digest))


def test_what_is_no_sha256_is_refused():
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        amp_hash("salt", "abc")


@pytest.mark.parametrize("encoded", ["", "plain", "$argon2id$v=19$broken"])
def test_an_unreadable_hash_fits_nothing(encoded):
    assert not matches(encoded, encoded)


def test_a_decoy_costs_as_much_as_a_real_hash_and_fits_nothing():
    real, decoy = argon2_hash("x"), decoy_hash()

    assert decoy.split("$")[:4] == real.split("$")[:4]
    assert [len(part) for part in decoy.split("$")] == [len(part) for part in real.split("$")]
    assert not matches("", decoy)


def test_new_passwords_differ_and_are_easy_to_read():
    first, second = new_password(), new_password()

    assert first != second
    assert len(first) == 23
    assert not set("l1IO0oB8S5") & set(first + second)

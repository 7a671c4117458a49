from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brookline.errors import StoreUnfit
from brookline.stores.etcd.address import read_address as read_etcd
from brookline.stores.objects.address import read_address as read_objects
from brookline.stores.postgresql.address import read_address as read_postgresql
from brookline.stores.urls import lacks_secret, shown

MARK = "s3same"
SECRETS = st.text(st.sampled_from("ab1/?#@:&=%+,[] "), max_size=8).flatmap(
    lambda text: st.integers(0, len(text)).map(lambda at: text[:at] + MARK + text[at:])
)
SHAPES = (
    "postgresql://u:{}@h1:5432,h2/db?table=t",
    "postgresql://:{}@h/db",
    "etcd://root:{}@h1:2379,h2/p?cacert=/ca.pem",
    "s3://u:{}@bucket/prefix?region=eu",
    "s3://bucket/prefix?region=eu&endpoint=https://AK:{}@minio:9000",
    "s3://bucket?endpoint=https://AK:{}@minio:9000&region=eu",
)
"""With a password as it was typed, or pasted."""


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("/mnt/shared", "/mnt/shared"),
        ("./odd:name@x", "./odd:name@x"),
        ("postgresql://host/plane", "postgresql://host/plane"),
        ("postgresql://u@host/plane", "postgresql://u@host/plane"),
        ("postgresql://u:p%40ss@host,other/plane", "postgresql://u:***@host,other/plane"),
        ("postgresql://u:p@ss@host/plane", "postgresql://u:***@host/plane"),
        ("postgresql://h/d?user=u&password=x&table=t", "postgresql://h/d?user=u&password=***&table=t"),
        ("s3://b/p?access_key_id=A&secret_access_key=x&region=eu", "s3://b/p?access_key_id=***&secret_access_key=***&region=eu"),
        ("az://c?account=me&sas_token=sv%3D1", "az://c?account=me&sas_token=***"),
        ("etcd://root:x@h1:2379,h2/p?cacert=/ca.pem", "etcd://root:***@h1:2379,h2/p?cacert=/ca.pem"),
        ("etcd://:x@h1", "etcd://:***@h1"),
        ("etcd://u:@h1", "etcd://u:***@h1"),
        ("postgresql://u:pa/ss@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:pa?s@h/db", "postgresql://u:***@h/db"),
        ("etcd://u:p#a/b@h", "etcd://u:***@h"),
        ("postgresql://u@h:5432/db", "postgresql://u@h:5432/db"),
        ("postgresql://u@h:5432/d?password=a@b", "postgresql://u@h:***"),
        ("postgresql:u:pw@h", "postgresql:u:***@h"),
        ("s3://b?endpoint=https://AK:SK@minio&region=eu", "s3://b?endpoint=https://AK:***@minio&region=eu"),
        ("s3://b?endpoint=https%3A%2F%2FAK%3ASK%40minio", "s3://b?endpoint=https://AK:***@minio"),
        ("s3://b?endpoint=https://AK:SK%40minio", "s3://b?endpoint=https://AK:***@minio"),
        ("s3://b?endpoint=https%3A%2F%2Fminio", "s3://b?endpoint=https%3A%2F%2Fminio"),
        ("file:///a:b@c?key=x", "file:///a:b@c?key=x"),
        ("/a:b:c@d?key=x", "/a:b:c@d?key=x"),
    ],
)  # fmt: skip
def test_passwords_and_secret_parameters_are_not_shown(url, seen):
    assert shown(url) == seen


@pytest.mark.parametrize("shape", SHAPES)
@given(secret=SECRETS)
@example(secret=f"p/{MARK}")
@example(secret=f"p?{MARK}")
@example(secret=f"p#x/{MARK}@x")
@example(secret=f"//{MARK}:")
def test_no_part_of_a_password_is_ever_shown(shape, secret):
    url = shape.format(secret)
    seen = shown(url)
    assert MARK not in seen
    assert shown(seen) == seen
    assert "***" in seen


@pytest.mark.parametrize(
    "read", [read_postgresql, read_etcd, read_objects], ids=["postgresql", "etcd", "objects"]
)
@given(secret=SECRETS, shape=st.sampled_from(SHAPES))
@example(secret=f"1[{MARK}]", shape=SHAPES[0])
def test_what_is_said_of_a_url_has_no_part_of_a_password(read, secret, shape):
    try:
        seen = repr(read(shape.format(secret)))
    except StoreUnfit as refusal:
        seen = refusal.message
    assert MARK not in seen


@pytest.mark.parametrize("shape", SHAPES)
def test_a_url_from_which_a_secret_was_left_out_is_known_to_lack_it(shape):
    whole = shape.format(MARK)
    assert not lacks_secret(whole)
    assert lacks_secret(shown(whole)) == (shown(whole) != whole)


@pytest.mark.parametrize(
    ("url", "lacks"),
    [
        ("s3://bucket/p?access_key_id=***&secret_access_key=b", True),
        ("postgresql://u@h/db", False),
        ("postgresql://u:a***b@h/db", False),
        ("/srv/***/plane", False),
        ("file:/srv/***", False),
    ],
)
def test_only_what_stands_for_a_secret_lacks_one(url, lacks):
    assert lacks_secret(url) is lacks

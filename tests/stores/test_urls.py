from __future__ import annotations

import pytest

from brookline.stores.urls import shown


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
    ],
)  # fmt: skip
def test_passwords_and_secret_parameters_are_not_shown(url, seen):
    assert shown(url) == seen

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from brookline.server.store_location import keys_of, url_of
from brookline.stores.objects.address import read_address
from brookline.stores.urls import shown

NAMED = "brooklyn.location.named."


def parts(url):
    read_address(url)  # the store takes it
    split = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(split.query).items()}
    return f"{split.scheme}://{split.netloc}{split.path}", query


def test_the_documents_example_of_s3():
    properties = {
        f"{NAMED}aws-s3-eu-west-1": "aws-s3:eu-west-1",
        f"{NAMED}aws-s3-eu-west-1.identity": "ABCDEFGHIJKLMNOPQRSTU",
        f"{NAMED}aws-s3-eu-west-1.credential": "abcdefghijklmnopqrstuvwxyz1234567890ab/c",
    }
    url = url_of("aws-s3-eu-west-1", "brooklyn", properties)
    assert parts(url) == ("s3://brooklyn", {
        "region": "eu-west-1", "access_key_id": "ABCDEFGHIJKLMNOPQRSTU",
        "secret_access_key": "abcdefghijklmnopqrstuvwxyz1234567890ab/c",
    })  # fmt: skip
    assert "abcdef" not in shown(url)
    assert url_of("named:aws-s3-eu-west-1", "brooklyn", properties) == url
    assert keys_of("aws-s3-eu-west-1", properties) == set(properties)


def test_a_location_may_extend_another_and_defaults_come_last():
    properties = {
        f"{NAMED}base": "jclouds:s3:https://minio.example.org",
        f"{NAMED}base.identity": "base",
        f"{NAMED}mine": "named:base",
        f"{NAMED}mine.credential": "mine",
        f"{NAMED}minewhile": "other",
        "brooklyn.location.jclouds.s3.identity": "provider",
        "brooklyn.location.jclouds.credential": "all",
    }
    found, query = parts(url_of("mine", "b/plane1", properties))
    assert found == "s3://b/plane1"
    assert query == {
        "endpoint": "https://minio.example.org", "access_key_id": "base", "secret_access_key": "mine",
    }  # fmt: skip
    assert keys_of("mine", properties) == {
        f"{NAMED}base", f"{NAMED}base.identity", f"{NAMED}mine", f"{NAMED}mine.credential",
    }  # fmt: skip


def test_credentials_may_be_left_to_the_providers_own_ways():
    assert url_of("jclouds:aws-s3", "", {}) == "s3://brooklyn-persisted-state"


def test_azure_and_google_are_translated():
    azure = {
        "brooklyn.location.jclouds.azureblob.identity": "me",
        "brooklyn.location.jclouds.credential": "czNzYW1l",
    }
    assert parts(url_of("jclouds:azureblob", "c", azure)) == (
        "az://c", {"account": "me", "account_key": "czNzYW1l"},
    )  # fmt: skip
    google = {
        f"{NAMED}g": "google-cloud-storage",
        f"{NAMED}g.identity": "me@x",
        f"{NAMED}g.credential": "-----BEGIN",
    }
    _, query = parts(url_of("g", "b", google))
    key = json.loads(query["service_account_key"])
    assert (key["client_email"], key["private_key"]) == ("me@x", "-----BEGIN")
    _, query = parts(url_of("g", "b", {**google, f"{NAMED}g.credential": "/etc/key.json"}))
    assert query == {"service_account": "/etc/key.json"}


@pytest.mark.parametrize(
    ("location", "container", "words"),
    [
        ("jclouds:openstack-swift:https://swift.example.org", "b", "only if it is absent.*S3"),
        ("jclouds:swift", "b", "two nodes could lead"),
        ("rackspace-cloudfiles-us", "b", "two nodes could lead"),
        ("jclouds:b2", "b", "no object store that is known here"),
        ("byon:(hosts=1)", "b", "no object store that is known here"),
        ("jclouds:aws-s3", "/mnt/x", "names a bucket"),
        ("jclouds:aws-s3", "s3://bucket/x", "names a bucket"),
        ("loop", "b", "no object store"),
        ("secret", "b", "external configuration"),
    ],
)
def test_what_cannot_carry_a_plane_is_refused_with_what_to_use(location, container, words):
    properties = {
        f"{NAMED}loop": "named:loop",
        f"{NAMED}secret": "aws-s3",
        f"{NAMED}secret.credential": '$brooklyn:external("a", "b")',
    }
    with pytest.raises(ValueError, match=words):
        url_of(location, container, properties)

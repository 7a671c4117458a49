"""Settings of which the client can make no request: it would panic, at the first one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from brookline.errors import StoreUnfit
from brookline.stores.objects.address import read_address
from brookline.stores.objects.rules import read_keeping
from brookline.stores.objects.store import ObjectStore
from brookline.stores.store import CREATED

BROOKLINE = Path(sys.executable).with_name("brookline")
VARIABLES = (
    "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_PROFILE", "AWS_SESSION_TOKEN", "GOOGLE_BASE_URL", "AZURE_ENDPOINT",
    "AZURE_STORAGE_ENDPOINT",
)  # fmt: skip
KEYS = "access_key_id=me&secret_access_key=s3same"
ENTRY = "journal/0000000/0000000001"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """An environment that says nothing."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


async def refused(url):
    with pytest.raises(StoreUnfit) as problem:
        await ObjectStore.open(url)
    assert "s3same" not in problem.value.message
    return problem.value.message


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("localhost:8333", "does not begin with https:// or http://"),
        ("127.0.0.1", "does not begin with https:// or http://"),
        ("//127.0.0.1:1", "does not begin with https:// or http://"),
        ("http:127.0.0.1:1", "does not begin with https:// or http://"),
        ("ftp://host", "does not begin with https:// or http://"),
        ("", "is empty"),
        ("http://", "names no host"),
        ("http:///path", "names no host"),
        ("http://ex%20ample", "names no host"),
        ("http://1.2.3.999:1", "names no host"),
        ("http://[fe80::1%eth0]:1", "names no host"),
        ("http://host name/", "has a space or another sign"),
        ("http://127.0.0.1:1 ", "has a space or another sign"),
        ("http://127.0.0.1:1\n", "has a space or another sign"),
        ("http://ex\u00e4mple.invalid", "has a space or another sign"),
        ("http://127.0.0.1:99999", "ports end at 65535"),
        ("http://127.0.0.1:abc", "has no host and port"),
        ("http://[::1", "has no host and port"),
        ("http://127.0.0.1:0", "port 0"),
        ("http://127.0.0.1:1?x=y", "more behind its path"),
        ("http://me:s3same@127.0.0.1:1", "has a login in it"),
    ],
)
async def test_an_endpoint_that_there_cannot_be_is_refused_by_name(endpoint, words):
    said = await refused(f"s3://bucket/x?{KEYS}&endpoint={quote(endpoint)}")
    assert words in said
    assert "from 'endpoint' in the URL" in said
    assert "write https://host or http://host:port" in said


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        (f"s3://bucket/x?{KEYS}", "AWS_ENDPOINT_URL_S3"),
        (f"s3://bucket/x?{KEYS}", "AWS_ENDPOINT_URL"),
        (f"s3://bucket/x?{KEYS}", "AWS_ENDPOINT"),
        ("gs://bucket/x", "GOOGLE_BASE_URL"),
        ("az://bucket/x?account=me&account_key=czNzYW1l", "AZURE_ENDPOINT"),
        ("az://bucket/x?account=me&account_key=czNzYW1l", "AZURE_STORAGE_ENDPOINT"),
    ],
)
@pytest.mark.parametrize("endpoint", ["127.0.0.1:9000", ""])
async def test_the_variable_is_named_that_said_it(url, variable, endpoint, monkeypatch):
    monkeypatch.setenv(variable, endpoint)
    said = await refused(url)
    assert f"the endpoint '{endpoint}', from the variable {variable}" in said


async def test_the_profile_is_named_that_said_it(monkeypatch, tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile planes]\nendpoint_url = minio:9000\n")
    said = await refused(f"s3://bucket/x?{KEYS}&profile=planes")
    assert "'minio:9000', from the profile 'planes' in ~/.aws" in said
    monkeypatch.setenv("AWS_PROFILE", "planes")
    assert "from the profile 'planes'" in await refused(f"s3://bucket/x?{KEYS}")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("access_key_id=me%0A&secret_access_key=s3same", "access_key_id, from 'access_key_id' in"),
        ("access_key_id=me&secret_access_key=s3same%0A", "secret_access_key, from"),
        (f"{KEYS}&session_token=s3same%20", "session_token, from"),
        (f"{KEYS}&region=eu%20west", "region, from"),
    ],
)
async def test_a_key_with_the_end_of_a_line_in_it_is_refused_and_not_shown(url, words):
    assert words in await refused(f"s3://bucket/x?{url}&endpoint={NOBODY}")


async def test_such_a_key_of_a_variable_is_refused_by_its_name(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3same\n")
    said = await refused(f"s3://bucket/x?endpoint={NOBODY}")
    assert "secret_access_key, from the variable AWS_SECRET_ACCESS_KEY, has" in said


@pytest.mark.parametrize("bucket", ["my planes", "pla<nes", "pl\u00e4ne", "a\\b"])
async def test_a_bucket_that_there_cannot_be_is_refused(bucket):
    assert "no bucket has the name" in await refused(f"s3://{bucket}/x?{KEYS}&endpoint={NOBODY}")


async def test_what_nobody_thought_of_is_an_error_as_any_other(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "no url")
    said = await refused(f"s3://bucket/x?endpoint={NOBODY}")
    assert "cannot be opened: the client of object stores failed" in said


@pytest.mark.parametrize("other", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"])
async def test_what_the_url_says_comes_before_the_variables(scripted, monkeypatch, other):
    monkeypatch.setenv(other, NOBODY)
    store = await ObjectStore.open(scripted.url("s3"))
    assert await store.create(ENTRY, b"one") == CREATED
    await store.close()

    scripted.say(403, "AccessDenied")
    assert read_keeping(read_address(scripted.url("s3"))).unread == "403 AccessDenied"


async def test_of_several_variables_the_one_of_s3_counts(scripted, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", scripted.endpoint)
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOBODY)
    monkeypatch.setenv("AWS_ENDPOINT", "")
    store = await ObjectStore.open(f"s3://bucket/x?{KEYS}")
    await store.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["doctor", "--store"], ["server", "--no-global-properties", "--persistence-dir"]]
)
def test_commands_say_it_in_a_line_and_end_with_2(command, tmp_path):
    home = ["--home", str(tmp_path / "n1"), "--port", "0"] if command[0] == "server" else []
    done = subprocess.run(
        [str(BROOKLINE), command[0], *home, *command[1:], f"s3://bucket/x?{KEYS}"],
        env=os.environ | {"AWS_ENDPOINT_URL": "127.0.0.1:9000"}, cwd=tmp_path, text=True,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "the endpoint '127.0.0.1:9000', from the variable AWS_ENDPOINT_URL" in said
    assert not [words for words in ("panicked", "Traceback", "s3same") if words in said]

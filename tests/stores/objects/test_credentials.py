"""Credentials from where each provider's own tools have them, on a real server."""

from __future__ import annotations

import pytest
from tests.backends import azurite as azure
from tests.backends.fixtures import azurite, seaweedfs, served
from tests.backends.seaweedfs import BUCKET, KEY, SECRET, Seaweedfs
from tests.backends.sessions import lend

from brookline.errors import StoreUnfit
from brookline.stores.objects.store import ObjectStore
from brookline.stores.store import CREATED

__all__ = ["azurite", "seaweedfs"]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("seaweedfs")]

ENTRY = "journal/0000000/0000000001"


async def keeps(prefix, place=f"s3://{BUCKET}"):
    store = await ObjectStore.open(f"{place}/{prefix}")
    outcome = await store.create(ENTRY, b"one")
    await store.close()
    return outcome == CREATED


@pytest.mark.parametrize("endpoint", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
async def test_all_may_be_said_by_the_environment(seaweedfs, monkeypatch, endpoint):
    monkeypatch.setenv(endpoint, seaweedfs.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert await keeps(f"environment-{endpoint}")

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(StoreUnfit, match="credentials are refused"):
        await keeps("environment")


async def test_all_may_be_said_by_a_profile(seaweedfs, monkeypatch, tmp_path):
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(
        f"[planes]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    )
    (folder / "config").write_text(
        f"[profile planes]\nregion = eu-west-1\nendpoint_url = {seaweedfs.endpoint}\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "planes")
    assert await keeps("profile")


@pytest.mark.parametrize("endpoint", ["AZURE_ENDPOINT", "AZURE_STORAGE_ENDPOINT"])
async def test_all_may_be_said_by_the_environment_to_azure(azurite, monkeypatch, endpoint):
    place = f"az://{azure.CONTAINER}"
    monkeypatch.setenv(endpoint, azurite.endpoint)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", azure.ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", azure.SECRET)
    assert await keeps(f"environment-{endpoint}".replace("_", "-"), place)

    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "d3Jvbmc=")
    with pytest.raises(StoreUnfit, match=r"credentials are refused.*AZURE_STORAGE_ACCOUNT_NAME"):
        await keeps("environment", place)


async def test_credentials_of_a_session_have_a_token_with_them(monkeypatch):
    with served(lambda: Seaweedfs(sessions=True)) as server:
        key, secret, token = lend(server.endpoint, KEY, SECRET)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        with pytest.raises(StoreUnfit, match="credentials are refused, 403 InvalidAccessKeyId"):
            await keeps("session")
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
        assert await keeps("session")


@pytest.mark.parametrize("by", ["environment", "url"])
async def test_a_token_of_a_session_goes_with_each_request(scripted, monkeypatch, by):
    monkeypatch.setenv("AWS_ENDPOINT_URL", scripted.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    parameter = ""
    if by == "url":
        parameter = "?session_token=t0ken"
    else:
        monkeypatch.setenv("AWS_SESSION_TOKEN", "t0ken")
    assert await keeps(f"session{parameter}")
    (created,) = scripted.seen
    assert created.headers["x-amz-security-token"] == "t0ken"
    assert "x-amz-security-token" in created.headers["authorization"]  # it is signed, too

"""Credentials from where each provider's own tools have them, on a real server."""

from __future__ import annotations

import pytest
from tests.backends.fixtures import seaweedfs
from tests.backends.seaweedfs import BUCKET, KEY, SECRET

from brookline.errors import StoreUnfit
from brookline.stores.objects.store import ObjectStore
from brookline.stores.store import CREATED

__all__ = ["seaweedfs"]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("seaweedfs")]

ENTRY = "journal/0000000/0000000001"


async def keeps(prefix):
    store = await ObjectStore.open(f"s3://{BUCKET}/{prefix}")
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

"""Machines of a cloud, which are told their credentials by a service that may not be up yet."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from obstore.exceptions import GenericError
from tests.backends.programs import free_port

from brookline.errors import StoreError, StoreUnfit
from brookline.stores import times
from brookline.stores.objects import answers
from brookline.stores.objects.address import read_address
from brookline.stores.objects.store import ObjectStore

KEYS = {
    "AccessKeyId": "me", "SecretAccessKey": "s3same", "Token": "t",
    "Expiration": "2100-01-01T00:00:00Z", "Code": "Success", "Type": "AWS-HMAC",
    "LastUpdated": "2020-01-01T00:00:00Z",
}  # fmt: skip
TOLD = {
    "PUT /latest/api/token": b"token",
    "GET /latest/meta-data/iam/security-credentials/": b"role",
    "GET /latest/meta-data/iam/security-credentials/role": json.dumps(KEYS).encode(),
}
URLS = {
    "s3": ("s3://bucket/plane", "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"),
    "az": ("az://bucket/plane?account=me", "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE"),
    "gs": ("gs://bucket/plane", "GOOGLE_APPLICATION_CREDENTIALS"),
}


class Metadata:
    """The service, on loopback.

    Attributes:
        status: Of answers to what it does not know.
        told: Answers by method and path.
    """

    def __init__(self, port: int, status: int = 404, told: dict[str, bytes] | None = None) -> None:
        told = told or {}

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = told.get(f"{self.command} {self.path}")
                self.send_response(status if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            do_GET = do_PUT = _serve  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(0.01,), daemon=True)
        self._thread.start()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def port(monkeypatch, tmp_path):
    """A port at which the service is looked for, and no other credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    port = free_port()
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{port}")
    service = f"http://127.0.0.1:{port}/metadata/identity/oauth2/token"
    monkeypatch.setenv("AZURE_MSI_ENDPOINT", service)
    for name in ("HOST", "ROOT", "IP"):
        monkeypatch.setenv(f"GCE_METADATA_{name}", f"127.0.0.1:{port}")
    return port


async def refusal(url):
    with pytest.raises(StoreError) as refused:
        await ObjectStore.open(url)
    return refused.value


@pytest.mark.parametrize("scheme", ["s3", "az", "gs"])
async def test_a_service_that_does_not_answer_yet_is_waited_for(port, scheme):
    url, variables = URLS[scheme]
    error = await refusal(url)
    assert not isinstance(error, StoreUnfit)
    assert f"no credentials were found; look at {variables}" in error.message
    assert "not yet: connection refused" in error.message


@pytest.mark.parametrize("scheme", ["s3", "az", "gs"])
async def test_a_service_that_answers_and_has_none_is_not_waited_for(port, scheme):
    url, variables = URLS[scheme]
    with Metadata(port):
        error = await refusal(url)
    assert isinstance(error, StoreUnfit)
    assert f"no credentials were found; look at {variables}" in error.message
    assert "has none: 404" in error.message


@pytest.mark.parametrize("status", [410, 429, 500, 503])
async def test_a_service_that_is_not_ready_is_waited_for(port, status):
    with Metadata(port, status):
        error = await refusal(URLS["s3"][0])
    assert not isinstance(error, StoreUnfit)
    assert f"not yet: {status}" in error.message


async def test_a_service_that_says_nothing_is_waited_for(port, monkeypatch):
    monkeypatch.setattr(times, "ANSWER_S", 0.5)
    with socket.create_server(("127.0.0.1", port)):
        error = await refusal(URLS["s3"][0])
    assert not isinstance(error, StoreUnfit)
    assert "no answer in time" in error.message


@pytest.mark.parametrize(
    "service", ["169.254.169.254/latest/api/token", "metadata.google.internal/computeMetadata/v1/x"]
)
def test_a_service_at_its_usual_address_is_known_by_it(service):
    said = f"Generic error: Error performing GET http://{service} in 3s - HTTP error: no route"
    refused = answers.refused(read_address(URLS["s3"][0]), GenericError(said))
    assert not isinstance(refused, StoreUnfit)
    assert "no credentials were found" in refused.message
    assert service not in refused.message


async def test_the_store_is_opened_once_the_service_is_up(port, scripted, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", scripted.endpoint)
    await refusal(URLS["s3"][0])
    with Metadata(port, told=TOLD):
        store = await ObjectStore.open(URLS["s3"][0])
        assert await store.list("journal/") == []
        await store.close()

"""Azurite, Microsoft's emulator of Azure Blob Storage: one process with one container."""

from __future__ import annotations

import base64
import email.utils
import hashlib
import hmac
import os
import urllib.parse
import urllib.request

from tests.backends.programs import OneProcess, find, listens

ACCOUNT, CONTAINER = "planes", "planes"
SECRET = base64.b64encode(b"s3same-open").decode()


class Azurite(OneProcess):
    """A server; its files are removed at its end."""

    def __init__(self) -> None:
        self._program_path = find("azurite-blob")
        super().__init__("azurite", env=os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{SECRET}"})
        self._has_container = False

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    def start(self) -> None:
        command = [
            self._program_path, "--blobHost", "127.0.0.1", "--blobPort", str(self.port),
            "--location", str(self.folder / "data"), "--silent", "--skipApiVersionCheck",
            "--disableTelemetry",
        ]  # fmt: skip
        self._program.start(command, lambda: listens(self.port))
        if not self._has_container:
            self._make_container()
            self._has_container = True

    kill = OneProcess.stop
    """Not by force: the emulator, unlike what it emulates, keeps its index in memory for seconds."""

    def url(self, prefix: str, *, container: str = CONTAINER, secret: str = SECRET) -> str:
        given = {"account": ACCOUNT, "account_key": secret, "endpoint": self.endpoint}
        return f"az://{container}/{prefix}?{urllib.parse.urlencode(given)}"

    def _make_container(self) -> None:
        headers = {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
        signed = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
        resource = f"/{ACCOUNT}/{ACCOUNT}/{CONTAINER}\nrestype:container"
        words = f"PUT{12 * chr(10)}{signed}{resource}"
        key = base64.b64decode(SECRET)
        digest = hmac.new(key, words.encode(), hashlib.sha256).digest()
        headers["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
        url = f"{self.endpoint}/{CONTAINER}?restype=container"
        request = urllib.request.Request(url, method="PUT", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 201

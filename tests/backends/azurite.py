"""Azurite, Microsoft's emulator of Azure Blob Storage: one process with one container."""

from __future__ import annotations

import base64
import email.utils
import hashlib
import hmac
import itertools
import os
import shutil
import signal
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

from tests.backends.programs import Program, find, free_port, listens

ACCOUNT, CONTAINER = "planes", "planes"
SECRET = base64.b64encode(b"s3same-open").decode()


class Azurite:
    """A server; its files are removed at its end."""

    def __init__(self) -> None:
        self._program_path = find("azurite-blob")
        self.folder = Path(tempfile.mkdtemp(prefix="brookline-azurite-"))
        self.port = free_port()
        self._has_container = False
        self._numbers = itertools.count(1)
        self._program = Program(
            self.folder, "server", cwd=self.folder,
            env=os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{SECRET}"},
        )  # fmt: skip

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

    def stop(self) -> None:
        self._program.end()

    kill = stop
    """Not by force: the emulator, unlike what it emulates, keeps its index in memory for seconds."""

    def pause(self) -> None:
        self._program.send(signal.SIGSTOP)

    def resume(self) -> None:
        self._program.send(signal.SIGCONT)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(self) -> str:
        """Return the URL of a store that nobody has used."""
        return self.url(f"plane-{os.getpid()}-{next(self._numbers)}")

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

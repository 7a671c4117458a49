"""An etcd server of our own: one member, and a prefix for each test."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
import urllib.request
from pathlib import Path

from tests.backends.programs import Program, find, free_port


class Etcd:
    """A server; its files are removed at its end.

    Args:
        options: For the process, such as those of TLS.
        scheme: ``https`` with TLS.
    """

    def __init__(self, *options: str, scheme: str = "http") -> None:
        self._path = find("etcd")
        self.folder = Path(tempfile.mkdtemp(prefix="brookline-etcd-"))
        self.port, self._peer_port = free_port(), free_port()
        self._options, self._scheme = options, scheme
        self._numbers = itertools.count(1)
        self._program = Program(
            self.folder, "server", cwd=self.folder,
            env={k: v for k, v in os.environ.items() if not k.startswith("ETCD")}
            | {"ETCD_UNSUPPORTED_ARCH": "arm64"},
        )  # fmt: skip

    def start(self) -> None:
        client = f"{self._scheme}://127.0.0.1:{self.port}"
        peer = f"http://127.0.0.1:{self._peer_port}"
        command = [
            self._path, "--name", "one", "--data-dir", str(self.folder / "data"),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"one={peer}", "--log-level", "warn", "--logger", "zap",
            "--listen-metrics-urls", f"http://127.0.0.1:{self._metrics_port}", *self._options,
        ]  # fmt: skip
        self._program.start(command, self._is_well)

    def stop(self) -> None:
        self._program.end(signal.SIGTERM)

    def kill(self) -> None:
        self._program.end(signal.SIGKILL)

    def pause(self) -> None:
        self._program.send(signal.SIGSTOP)

    def resume(self) -> None:
        self._program.send(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(self) -> str:
        """Return the URL of a store that nobody has used."""
        return self.url(f"plane-{os.getpid()}-{next(self._numbers)}")

    def url(self, prefix: str, login: str = "") -> str:
        scheme = "etcds" if self._scheme == "https" else "etcd"
        return f"{scheme}://{login}127.0.0.1:{self.port}/{prefix}"

    @property
    def _metrics_port(self) -> int:
        if not hasattr(self, "_metrics"):
            self._metrics = free_port()
        return self._metrics

    def _is_well(self) -> bool:
        url = f"http://127.0.0.1:{self._metrics_port}/health"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return b'"true"' in answer.read()
        except OSError:
            return False

"""SeaweedFS, an object store that speaks S3: one process with one bucket, and a prefix for each test."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request

from tests.backends.programs import OneProcess, find, free_port
from tests.backends.sessions import CONFIG

from brookline.stores.objects.address import read_address
from brookline.stores.objects.rules import signed_url

BUCKET, KEY, SECRET = "planes", "brookline-key", "s3same-open"


class Seaweedfs(OneProcess):
    """A server; its files are removed at its end.

    Args:
        sessions: Whether it lends credentials for an hour; see `sessions.lend`.
    """

    def __init__(self, *, sessions: bool = False) -> None:
        self._weed = find("weed")
        super().__init__("seaweedfs")
        self._others = [free_port() for _ in range(6)]
        (self.folder / "data").mkdir()
        (self.folder / "s3.json").write_text(json.dumps(_IDENTITIES))
        self._options = []
        if sessions:
            (self.folder / "iam.json").write_text(json.dumps(CONFIG))
            self._options = [f"-s3.iam.config={self.folder / 'iam.json'}"]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and make the bucket if it is missing."""
        master, master_rpc, volume, volume_rpc, filer, filer_rpc = map(str, self._others)
        command = [
            self._weed, "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            f"-dir={self.folder / 'data'}", f"-master.port={master}",
            f"-master.port.grpc={master_rpc}", f"-volume.port={volume}",
            f"-volume.port.grpc={volume_rpc}", "-filer", f"-filer.port={filer}",
            f"-filer.port.grpc={filer_rpc}", "-s3", f"-s3.port={self.port}",
            f"-s3.port.grpc={free_port()}", f"-s3.config={self.folder / 's3.json'}",
            "-volume.max=100", "-master.volumeSizeLimitMB=64", "-s3.port.iceberg=0",
            "-s3.port.lance=0", "-master.telemetry=false", *self._options,
        ]  # fmt: skip
        self._program.start(command, self._has_bucket)

    def stop(self) -> None:
        """End it at once: it takes seconds to end by itself."""
        self._program.end(signal.SIGKILL)

    kill = stop

    def url(self, prefix: str, *, bucket: str = BUCKET, secret: str = SECRET) -> str:
        return (
            f"s3://{bucket}/{prefix}?endpoint={self.endpoint}"
            f"&access_key_id={KEY}&secret_access_key={secret}"
        )

    def make_bucket(self, bucket: str) -> None:
        """Make another bucket."""
        self._order(f"s3.bucket.create -name {bucket}")

    def keep_versions(self, bucket: str) -> None:
        """Make a bucket that keeps what is overwritten and deleted."""
        told = self._order(
            f"s3.bucket.create -name {bucket}",
            f"s3.bucket.versioning -name {bucket} -enable",
            f"s3.bucket.versioning -name {bucket}",
        )
        assert "Versioning: Enabled" in told, told

    def set_rules(self, bucket: str, rules: str) -> None:
        """Give a bucket rules of a lifecycle, which are XML as S3 has it."""
        url = signed_url(read_address(self.url("", bucket=bucket)), "lifecycle", method="PUT")
        request = urllib.request.Request(url, method="PUT", data=rules.encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def _order(self, *orders: str) -> str:
        """Give orders to the server's shell; return what it says."""
        master, master_rpc, _, _, filer, filer_rpc = self._others
        told = subprocess.run(
            [
                self._weed, "shell", f"-master=127.0.0.1:{master}.{master_rpc}",
                f"-filer=127.0.0.1:{filer}.{filer_rpc}",
            ],
            input="\n".join([*orders, ""]), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return told.stdout + told.stderr

    def _has_bucket(self) -> bool:
        """Make the bucket by writing into it, which succeeds once a volume server has joined."""
        try:
            with urllib.request.urlopen(f"{self.endpoint}/status", timeout=2):
                pass
            for method in ("PUT", "DELETE"):
                url = f"http://127.0.0.1:{self._others[4]}/buckets/{BUCKET}/.ready"
                request = urllib.request.Request(url, method=method, data=b"ready")
                with urllib.request.urlopen(request, timeout=5):
                    pass
        except OSError:
            return False
        return True


_IDENTITIES = {
    "identities": [
        {
            "name": "brookline",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
    ]
}

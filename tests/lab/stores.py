"""The stores of the lab: each by its name, as one server process or folder, and how it is broken.

Another store is one more class with the methods of `LabStore`, and one more line in `STORES`.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from typing import TYPE_CHECKING, Protocol

from tests.backends.etcd import Etcd
from tests.backends.postgresql import Postgresql
from tests.backends.seaweedfs import Seaweedfs
from tests.backends.small_disk import take_all_room
from tests.lab.network import INSIDE
from tests.lab.server_store import ServerLabStore
from tests.lab.store_faults import CUT, FULL, OF_A_FOLDER, READ_ONLY, STOP, NotNow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.lab.network import Place

_LIBC = ctypes.CDLL(None, use_errno=True)
_MNT_DETACH = 2
_IMAGE_BYTES = 192 << 20


class LabStore(Protocol):
    """A store that can be broken.

    Attributes:
        name: Of its kind.
        faults: Which of the faults above it can have here.
    """

    name: str
    faults: tuple[str, ...]

    def start(self, folder: Path, nodes: Mapping[str, Place]) -> None:
        """Start it, empty, for the nodes that live in these places."""
        ...

    def url(self, node: str = "") -> str:
        """Return where a node finds it; for the runner itself, if none is named."""
        ...

    def begin(self, fault: str, node: str) -> None:
        """Break it, for a node or for all."""
        ...

    def end(self, fault: str, node: str) -> None:
        """Mend that."""
        ...

    def close(self) -> None: ...


class DirectoryLabStore:
    """A folder that all nodes share.

    In namespaces it is a small ext4 of its own in a file, which each node sees by a bind mount of
    its own. To cut a node off covers the folders in that mount with a file system whose server says
    nothing: whoever looks there hangs, as on a hard mount of NFS whose server cannot be reached;
    what hangs fails once the node is cut off no more. Read-only is that mount without writes. A stop
    freezes the ext4 itself: who writes hangs in the kernel, unkillable, and reads go on.
    Without the rights for mounts it is a plain folder, and nothing of this can be had.
    """

    name = "directory"

    def __init__(self) -> None:
        self.faults: tuple[str, ...] = ()
        self._covers: dict[str, list[Callable[[], None]]] = {}

    def start(self, folder: Path, nodes: Mapping[str, Place]) -> None:
        self._disk, self._seen = folder / "disk", folder / "seen"
        self._disk.mkdir()
        if os.environ.get(INSIDE) and self._mount_image(folder / "disk.ext4"):
            self.faults = OF_A_FOLDER
        for node in nodes if self.faults else ():
            (self._seen / node).mkdir(parents=True)
            _run("mount", "--bind", str(self._disk), str(self._seen / node))

    def url(self, node: str = "") -> str:
        return str((self._seen / node if node and self.faults else self._disk) / "plane")

    def begin(self, fault: str, node: str) -> None:
        # Without a mount of our own it would befall the whole machine.
        assert fault in self.faults
        assert self._disk.is_mount()
        if fault == CUT:
            top = self._seen / node / "plane"
            self._covers[node] = [cover(path) for path in (*sorted(top.glob("[a-z]*/")), top)]
        elif fault == READ_ONLY:
            self._make_read_only(self._seen / node)
        elif fault == STOP:
            _run("fsfreeze", "--freeze", str(self._disk))
        elif fault == FULL:
            take_all_room(self._disk / "ballast")

    def end(self, fault: str, node: str) -> None:
        if fault == CUT:
            for uncover in reversed(self._covers.pop(node)):
                uncover()
        elif fault == READ_ONLY:
            _run("mount", "-o", "remount,bind,rw", str(self._seen / node))
        elif fault == STOP:
            _run("fsfreeze", "--unfreeze", str(self._disk))
        elif fault == FULL:
            (self._disk / "ballast").unlink()

    def close(self) -> None:
        """Leave nothing frozen; mounts go with their namespace."""
        for node in list(self._covers):
            self.end(CUT, node)
        if self.faults:
            subprocess.run(
                ["fsfreeze", "--unfreeze", str(self._disk)], capture_output=True, check=False
            )
            subprocess.run(["umount", "--lazy", str(self._disk)], capture_output=True, check=False)

    def _mount_image(self, image: Path) -> bool:
        with image.open("wb") as file:
            file.truncate(_IMAGE_BYTES)
        for command in (
            ("mkfs.ext4", "-q", "-m", "0", "-N", "65536", str(image)),
            ("mount", "-o", "loop", str(image), str(self._disk)),
        ):
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return False
        return True

    def _make_read_only(self, path: Path) -> None:
        """Let nothing be written there; while something is being written, that is refused."""
        command = ("mount", "-o", "remount,bind,ro", str(path))
        for _ in range(50):
            if subprocess.run(command, check=False, capture_output=True).returncode == 0:
                return
            time.sleep(0.01)
        raise NotNow


def cover(path: Path) -> Callable[[], None]:
    """Put a file system over a folder whose server never answers; return how it goes away."""
    server = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    if _LIBC.mount(b"mute", os.fsencode(path), b"fuse", 0, options) != 0:
        os.close(server)
        raise OSError(ctypes.get_errno(), f"{path} cannot be covered")

    def uncover() -> None:
        _LIBC.umount2(os.fsencode(path), _MNT_DETACH)
        os.close(server)  # all that waits for its answers fails now

    return uncover


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


STORES: dict[str, Callable[[], LabStore]] = {
    "directory": DirectoryLabStore,
    "postgresql": lambda: ServerLabStore("postgresql", Postgresql),
    "seaweedfs": lambda: ServerLabStore("seaweedfs", Seaweedfs),
    "etcd": lambda: ServerLabStore("etcd", Etcd),
}


def new_store(name: str) -> LabStore:
    """Return a store by its name."""
    return STORES[name]()

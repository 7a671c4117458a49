"""Where the processes of a run live: network namespaces behind one router, or loopback.

The runner itself is the router: it was started in a network namespace of its own (`isolated`), and
each place is one more, joined to it by a veth pair. A cut is a rule of the router that drops what
goes from one address to another: packets are lost, nobody is told, one direction at a time.

Without the rights for that all is on loopback, and only proxies stand between: see `proxy`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMESPACES, LOOPBACK = "namespaces", "loopback"

INSIDE = "BROOKLINE_LAB_INSIDE"
"""Set for a process that has namespaces of its own."""

_UNSHARE = (
    "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
    "--propagation", "private",
)  # fmt: skip
_INIT = 'ip link set lo up; "$@"; exit $?'
"""The first process of the namespaces: it waits for all that lose their parent."""

_TRIAL = (
    "ip link set lo up && ip link add name x0 type veth peer name x1"
    " && ip rule add from 10.0.0.1 blackhole"
)

_PATIENCE_S = 10.0


class Place(NamedTuple):
    """Where a process lives.

    Attributes:
        name: Of the place.
        address: Its own.
        gateway: Of the runner, as it is seen from there.
        prefix: Words before a command that is to run there.
    """

    name: str
    address: str
    gateway: str
    prefix: tuple[str, ...] = ()


class Network(Protocol):
    """Places, and what can be cut between them."""

    kind: str

    def join(self, name: str) -> Place: ...

    def alias(self, name: str, of: Place) -> str:
        """Return one more address for a place, which belongs to another name when it is cut."""
        ...

    def cut(self, source: str, target: str) -> None:
        """Lose all that goes from one place to another."""
        ...

    def mend(self, source: str, target: str) -> None: ...

    def names(self) -> dict[str, str]:
        """Return the name of each address that tells who is there."""
        ...

    def close(self) -> None: ...


def isolated(module: str, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs a module in namespaces of its own, or plainly if it cannot be."""
    plain = [sys.executable, "-m", module, *arguments]
    if not can_isolate():
        return plain
    return [*_UNSHARE, "sh", "-c", f"{INSIDE}=1; export {INSIDE}; {_INIT}", "lab", *plain]


def can_isolate() -> bool:
    """Tell whether this machine lets us make namespaces, and drop what goes between them."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    command = [*_UNSHARE, "sh", "-c", _TRIAL]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def new_network() -> Network:
    """Return the network of this process."""
    return Namespaces() if os.environ.get(INSIDE) else Loopback()


class Namespaces:
    """Each place has a network of its own; this process is the router between them."""

    kind = NAMESPACES

    def __init__(self) -> None:
        self._holders: list[subprocess.Popen[bytes]] = []
        self._addresses: dict[str, list[str]] = {}
        self._cuts: set[tuple[str, str]] = set()
        for setting in ("ip_forward", "conf/all/rp_filter", "conf/default/rp_filter"):
            Path("/proc/sys/net/ipv4", setting).write_text("1" if setting == "ip_forward" else "0")

    def join(self, name: str) -> Place:
        number = len(self._holders) + 1
        holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self._holders.append(holder)
        _await_namespace(holder.pid)
        router, own = f"10.77.{number}.1", f"10.77.{number}.2"
        inside = ("nsenter", "-t", str(holder.pid), "-n", "--")
        _ip(
            f"link add v{number} type veth peer name eth0 netns {holder.pid}",
            f"addr add {router}/24 dev v{number}",
            f"link set v{number} up",
        )
        _ip(
            "link set lo up", f"addr add {own}/24 dev eth0", "link set eth0 up",
            f"route add default via {router}",
            inside=inside,
        )  # fmt: skip
        self._addresses.setdefault(name, []).append(own)
        return Place(name, own, router, inside)

    def alias(self, name: str, of: Place) -> str:
        first = of.address.rpartition(".")[0]
        number = 10 + sum(map(len, self._addresses.values()))
        address = f"{first}.{number}"
        _ip(f"addr add {address}/24 dev eth0", inside=of.prefix)
        self._addresses.setdefault(name, []).append(address)
        return address

    def cut(self, source: str, target: str) -> None:
        if (source, target) not in self._cuts:
            self._cuts.add((source, target))
            _ip(*(f"rule add {rule}" for rule in self._rules(source, target)))

    def mend(self, source: str, target: str) -> None:
        if (source, target) in self._cuts:
            self._cuts.discard((source, target))
            _ip(*(f"rule del {rule}" for rule in self._rules(source, target)))

    def names(self) -> dict[str, str]:
        """Return the name of each address."""
        return {each: name for name, addresses in self._addresses.items() for each in addresses}

    def close(self) -> None:
        for holder in self._holders:
            holder.kill()
            holder.wait()

    def _rules(self, source: str, target: str) -> list[str]:
        ways = [(a, b) for a in self._addresses[source] for b in self._addresses[target]]
        return [f"from {a} to {b} blackhole" for a, b in ways]


class Loopback:
    """All places are this machine's loopback; what is to be cut is cut by proxies."""

    kind = LOOPBACK

    def join(self, name: str) -> Place:
        return Place(name, "127.0.0.1", "127.0.0.1")

    def alias(self, name: str, of: Place) -> str:
        return of.address

    def cut(self, source: str, target: str) -> None:
        """Nothing: the proxies do it."""

    def mend(self, source: str, target: str) -> None:
        """Nothing: the proxies do it."""

    def names(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        """Nothing was made."""


def _ip(*commands: str, inside: Sequence[str] = ()) -> None:
    batch = "\n".join(commands).encode()
    subprocess.run([*inside, "ip", "-batch", "-"], input=batch, check=True, capture_output=True)


def _await_namespace(pid: int) -> None:
    own = Path("/proc/self/ns/net").readlink()
    deadline = time.monotonic() + _PATIENCE_S
    while Path(f"/proc/{pid}/ns/net").readlink() == own:
        assert time.monotonic() < deadline, "a network namespace was not made"
        time.sleep(0.002)

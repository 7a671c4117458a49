"""Listening sockets, opened before anything else is begun."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
from typing import TYPE_CHECKING

from brookline.errors import InvalidInput
from brookline.server.port_holder import port_holder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.values.ports import PortRange

_BACKLOG = 2048


def listen(addresses: Sequence[str], ports: PortRange) -> list[socket.socket]:
    """Return sockets that listen on the first of the ports that is free on all addresses.

    Raises:
        InvalidInput: If none is, or an address is not of this machine.
    """
    taken = ""
    for port in ports:
        try:
            return _listen_on(addresses, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise InvalidInput(_refusal(addresses, port, error)) from error
            taken = taken or _taken(port)
    raise InvalidInput(taken)


def url_of(sock: socket.socket, *, https: bool) -> str:
    """Return the address of a listening socket; of one that listens everywhere, the host's name."""
    host, port = sock.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = socket.getfqdn()
    elif address.version == 6:
        host = f"[{host}]"
    return f"{'https' if https else 'http'}://{host}:{port}"


def doubt_about(sock: socket.socket) -> str:
    """Say why other machines cannot find what listens everywhere, or nothing if they may."""
    host = sock.getsockname()[0]
    if not ipaddress.ip_address(host).is_unspecified:
        return ""
    name = socket.getfqdn()
    if not _means_loopback(name):
        return ""
    return (
        f"this machine's name is {name}, which leads every other machine to itself: say with"
        " --node-address where other nodes reach this one, and with --public-address where users do"
    )


def _means_loopback(name: str) -> bool:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return name.partition(".")[0] == "localhost"
    return all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in found)


def _listen_on(addresses: Sequence[str], port: int) -> list[socket.socket]:
    with contextlib.ExitStack() as stack:
        sockets: list[socket.socket] = []
        for address in addresses:
            sock = stack.enter_context(_bound(address, port))
            port = sock.getsockname()[1]  # of 0, the first address chooses for all
            sockets.append(sock)
        stack.pop_all()
        return sockets


def _bound(address: str, port: int) -> socket.socket:
    family, _, _, _, place = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # Named as TCP, or asyncio leaves Nagle's algorithm on: 40 ms for each answer in two writes.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.settimeout(0)
        sock.bind(place)
        sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def _taken(port: int) -> str:
    holder = port_holder(port)
    by = f" by {holder}" if holder else ""
    free = port + 1 if port < 65535 else 0
    return f"port {port} is in use{by}: end it, or choose another port, such as --port {free}"


def _refusal(addresses: Sequence[str], port: int, error: OSError) -> str:
    text = f"cannot listen on {', '.join(addresses)} port {port}: {error.strerror or error}"
    if error.errno == errno.EACCES:
        return f"{text}; ports below 1024 need a privilege"
    return text

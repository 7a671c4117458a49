"""What people see on the terminal once a server has found its place in the plane."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from brookline.security.first_user import ADMIN, PASSWORD_IN, place_of
from brookline.security.provider import Provider
from brookline.security.users import USER
from brookline.values.addresses import is_loopback
from brookline.values.folders import here
from brookline.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.plane.node import PlaneNode
    from brookline.security.first_user import FirstUser
    from brookline.server.home import Home


def banner(
    node: PlaneNode,
    home: Home,
    first_user: FirstUser,
    *,
    store: str,
    addresses: Sequence[str],
    provider: Provider,
) -> str:
    """Return the lines, the first user's password among them if this node has made it."""
    lines = [
        f"Brookline {VERSION}, node {node.identity.name}",
        f"  address  {node.identity.uri or node.identity.address}{_reach(addresses)}",
        f"  home     {home.path}",
        f"  plane    {node.plane_id} in {store}",
        f"  state    {_state(node)}",
        f"  login    {_login(node, home, first_user, provider)}",
        f"Ctrl-C ends it. Next, in another terminal:  brookline ha status{_home_option(home)}",
    ]
    return "\n".join(lines)


def show(text: str) -> None:
    """Write to the terminal, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _reach(addresses: Sequence[str]) -> str:
    return "   (this machine only)" if all(map(is_loopback, addresses)) else ""


def _state(node: PlaneNode) -> str:
    master = node.master()
    if master is None or master.instance == node.identity.instance:
        return f"{node.state.value}, epoch {node.epoch}"
    return f"{node.state.value}; the master is {master.name} at {master.address}"


def _login(node: PlaneNode, home: Home, first_user: FirstUser, provider: Provider) -> str:
    if provider is not Provider.USERS:
        return f"{provider.value}: as configured"
    if first_user.made:
        return f"user admin, password {first_user.made}   (kept in {home.password_file})"
    admin = node.replica.records.get(USER, ADMIN) or {}
    place = str(admin.get(PASSWORD_IN, ""))
    if place:
        mine = place == place_of(home.password_file)
        return f"user admin, password in {home.password_file if mine else place}"
    names = list(node.replica.records.ids(USER))
    return f"users of the plane: {', '.join(names)}" if names else "as configured"


def _home_option(home: Home) -> str:
    folder = here()
    if home.path == folder:
        return ""
    shown = home.path.relative_to(folder) if home.path.is_relative_to(folder) else home.path
    return f" --home {shown}"

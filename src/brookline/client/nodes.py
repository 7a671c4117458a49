"""Which nodes there are, which of them leads, and in what order to ask them: pure, no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from brookline.client.addresses import checked, is_address, is_loopback
from brookline.client.states import GONE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brookline.client.states import Member, PlaneStates

REFRESH_S = 30.0
"""Age at which the list of nodes is asked for again, so that added and replaced nodes are known."""

SUSPECT_S = 10.0
"""How long a node that did not answer is asked last."""


class Nodes:
    """The client's knowledge of the plane.

    Addresses given by the user are never forgotten: what a plane says of itself may be of no use
    from here (another network, a tunnel), so they remain as the last resort.

    Attributes:
        given: The addresses that the user gave.
        master: Address of the master, or empty.
        leaderless: Whether the plane told its nodes and none of them leads.
        remembers: Whether its servers are ours, and so remember requests by their keys.
    """

    def __init__(self, given: Iterable[str]) -> None:
        self.given = tuple(dict.fromkeys(map(checked, given)))
        self.master = ""
        self.leaderless = False
        self.remembers = False
        self._addresses: dict[str, str] = {}
        self._reach: dict[str, str] = {}
        self._suspect_until: dict[str, float] = {}
        self._fresh_until = float("-inf")

    def order(self, now: float) -> list[str]:
        """Return all addresses in the order to ask them: the master first, suspects last."""
        first = [self.master] if self.master else []
        known = list(dict.fromkeys([*first, *self.given, *self._addresses.values()]))
        return sorted(known, key=lambda url: self._suspect_until.get(url, now) > now)

    def address_of(self, instance: str) -> str:
        """Return where to reach one node, or nothing if that is not known."""
        return self._addresses.get(instance, "")

    def is_stale(self, now: float) -> bool:
        """Tell whether the list should be asked for before the next request."""
        return now >= self._fresh_until

    def learn(self, asked: str, states: PlaneStates, now: float) -> None:
        """Take over what the node at `asked` says of the plane.

        An address that the user gave is preferred to the one that its node advertises.
        """
        if states.own:
            self._reach[states.own] = asked
        addresses = {}
        for member in states.members:
            url = self._reach.get(member.instance) or _followed(member.uri, teller=asked)
            if url and not _is_gone(member):
                addresses[member.instance] = url
        self._addresses = addresses
        self.master = addresses.get(states.master, "")
        leader = states.leader()
        self.leaderless = bool(addresses) and leader is None
        self._fresh_until = now + REFRESH_S
        if self.master and leader is not None and leader.silent:
            self._suspect_until[self.master] = now + SUSPECT_S

    def follow(self, teller: str, location: str) -> bool:
        """Take over a redirection to the master; tell whether it may be followed."""
        parts = urlsplit(location)
        target = _followed(
            f"{parts.scheme}://{parts.netloc}" if parts.netloc else "", teller=teller
        )
        if target:
            self.master, self.leaderless = target, False
        return bool(target)

    def blame(self, url: str, now: float) -> None:
        """Note that a node did not answer, and that the list may be out of date."""
        self._suspect_until[url] = now + SUSPECT_S
        self.doubt()

    def trust(self, url: str) -> None:
        """Note that a node answered."""
        self._suspect_until.pop(url, None)

    def doubt(self) -> None:
        """Ask for the list before the next request."""
        self._fresh_until = float("-inf")


def _is_gone(member: Member) -> bool:
    """Tell whether nobody answers there; one that halted or takes no part still does."""
    if member.status == "FAILED" and member.heartbeat_age_ms is not None:
        return member.silent
    return member.status in GONE


def _followed(target: str, *, teller: str) -> str:
    """Return `target` if credentials may be sent there on the word of `teller`, else nothing.

    A node that was reached over TLS cannot send us on to where passwords travel in the clear. The
    loopback address of another machine's node would be somebody else here.
    """
    target = target.rstrip("/")
    if not is_address(target) or (teller.startswith("https:") and target.startswith("http:")):
        return ""
    return "" if is_loopback(target) and not is_loopback(teller) else target

"""Logins: a Basic credential is checked once by its slow hash, then known by a fast keyed one."""

from __future__ import annotations

import asyncio
import base64
import binascii
import dataclasses
import hashlib
import logging
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from brookline.errors import LockedOut, NotLoggedIn, Outcome, Unavailable
from brookline.security.attempts import Attempts, Waits
from brookline.security.passwords import decoy_hash, is_quick, matches
from brookline.security.provider import Provider

if TYPE_CHECKING:
    from brookline.security.users import Users
    from brookline.values.clock import Clock

log = logging.getLogger("brookline.security")

_AT_ONCE = 2
_MOST_WAITING = 64
_MOST_KNOWN = 10_000
_MOST_ADDRESSES = 100
"""Clients of which it is remembered that they have sent a credential."""

_LOGOUT = "logout"
"""A browser is made to forget its credentials by this user with this password. Source: AMP."""


@dataclasses.dataclass(frozen=True, slots=True)
class Credential:
    """A name and a password as a client sent them."""

    name: str
    password: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class _Verdict:
    """What was found once about a credential, valid as long as the user's hash is the same."""

    name: str
    hash: str
    right: bool
    addresses: dict[str, None] = dataclasses.field(default_factory=dict)
    """Clients that have sent it."""


class Login:
    """Decides who a request comes from."""

    def __init__(self, users: Users, *, clock: Clock, provider: Provider = Provider.USERS) -> None:
        self.users = users
        self.provider = provider
        self._attempts = Attempts(clock)
        self._waits = Waits(clock)
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, _Verdict] = {}
        self._running: dict[bytes, asyncio.Future[bool]] = {}
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")
        self._nobodys_hash = decoy_hash()
        """Stands in for the hash of unknown users, so that all names take the same time."""

    @property
    def open(self) -> bool:
        """Whether anyone may come in."""
        return self.provider is Provider.ANYONE

    def known(self, authorization: bytes, address: str = "") -> str | None:
        """Return the user of an `Authorization` header that was found right before, or None.

        This is the fast path: one keyed hash and two look-ups. It is for clients that have sent
        that header before; others might be trying out passwords.

        Args:
            authorization: Value of the header.
            address: Of the client; whoever it is if empty.
        """
        verdict = self._verdict(self._digest(authorization))
        if verdict is None or not verdict.right:
            return None
        return verdict.name if not address or address in verdict.addresses else None

    async def check(self, authorization: bytes | None, address: str) -> str:
        """Return the user that a request comes from; empty only if anyone may log in.

        Args:
            authorization: Value of the header, or None.
            address: Of the client, for the limit on guesses.

        Raises:
            NotLoggedIn: No credential, or a wrong one.
            LockedOut: Too many wrong ones came before.
            Unavailable: This node does not know the plane's users yet, or too many are being checked.
        """
        if self.open:
            return _name_of(authorization)
        if self.provider is Provider.NOBODY:
            raise NotLoggedIn("nobody may log in to this node: its security provider says so")
        if not self.users.any():
            raise Unavailable("this node has not heard of any user yet", Outcome.NOT_DONE)
        credential = parse_basic(authorization)
        if credential is None or (credential.name, credential.password) == (_LOGOUT, _LOGOUT):
            raise NotLoggedIn("log in with a user name and a password")
        assert authorization is not None
        if not await self._is_right(self._digest(authorization), credential, address):
            raise self._wrong(credential.name)
        return credential.name

    def _wrong(self, name: str) -> NotLoggedIn | Unavailable:
        """Return what to raise for a wrong credential; a copy of users may be older than it is."""
        if self.users.is_current(name):
            return NotLoggedIn("wrong user name or password")
        return Unavailable(
            "this node has not read the plane's log yet, and its own copy of the users does not have"
            " this name with this password; try again",
            Outcome.NOT_DONE,
        )

    def close(self) -> None:
        """End the threads; hashes that run are finished, those that wait are dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def check_password(self, name: str, password: str, address: str) -> str:
        """Return the user that a name and a password are of, as `check` does.

        Raises:
            NotLoggedIn: They are wrong.
            LockedOut: Too many wrong ones came before.
            Unavailable: This node knows no user yet, or too many are being checked.
        """
        return await self.check(basic(name, password), address)

    async def _is_right(self, digest: bytes, credential: Credential, address: str) -> bool:
        verdict = self._verdict(digest)
        if verdict is not None and address in verdict.addresses:
            return verdict.right
        self._hold_back(credential.name, address)
        if verdict is not None:
            self._judged(verdict, address)
            return verdict.right
        running = self._running.get(digest)
        if running is None:
            running = self._start(digest, credential, address)
        else:
            self._attempts.give_back(address)  # whoever began it pays for all
        return await asyncio.shield(running)

    def _hold_back(self, name: str, address: str) -> None:
        """Have a client pay for an attempt, before the password is looked at.

        Raises:
            LockedOut: If it has to wait.
        """
        wait_s = self._waits.left_s(address, name) or self._attempts.take(address)
        if wait_s:
            raise LockedOut(
                f"too many wrong passwords from {address}; try again in {wait_s:.0f} s", wait_s
            )

    def _judged(self, verdict: _Verdict, address: str) -> None:
        """Note what became of an attempt."""
        if len(verdict.addresses) >= _MOST_ADDRESSES:
            del verdict.addresses[next(iter(verdict.addresses))]
        verdict.addresses[address] = None
        if verdict.right:
            self._attempts.give_back(address)
            self._waits.succeeded(address, verdict.name)
        else:
            self._waits.failed(address, verdict.name)
            fields = {"user": verdict.name, "address": address}
            log.warning("login refused", extra={"fields": fields})

    def _start(self, digest: bytes, credential: Credential, address: str) -> asyncio.Future[bool]:
        if len(self._running) >= _MOST_WAITING:
            self._attempts.give_back(address)
            raise Unavailable("too many logins are being checked; try again", Outcome.NOT_DONE)
        user = self.users.find(credential.name)
        encoded = self._nobodys_hash if user is None else user.password
        future = asyncio.get_running_loop().run_in_executor(
            self._threads, self._fits, credential.password, encoded
        )
        self._running[digest] = future
        verdict = _Verdict(credential.name, encoded, right=False)
        future.add_done_callback(lambda done: self._ended(digest, verdict, done, address))
        return future

    def _fits(self, password: str, encoded: str) -> bool:
        """Tell whether a password fits; a quick hash takes as long as the slow one of nobody."""
        if is_quick(encoded):
            matches(password, self._nobodys_hash)
        return matches(password, encoded)

    def _ended(
        self, digest: bytes, verdict: _Verdict, done: asyncio.Future[bool], address: str
    ) -> None:
        self._running.pop(digest, None)
        if done.cancelled() or done.exception() is not None:
            return
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        judged = self._known[digest] = dataclasses.replace(verdict, right=done.result())
        self._judged(judged, address)

    def _verdict(self, digest: bytes) -> _Verdict | None:
        """Return what is known of a credential, unless its user has changed since."""
        verdict = self._known.get(digest)
        if verdict is None:
            return None
        found = self.users.hash_of(verdict.name)
        if (self._nobodys_hash if found is None else found) == verdict.hash:
            return verdict
        del self._known[digest]
        return None

    def _digest(self, authorization: bytes) -> bytes:
        return hashlib.blake2b(authorization, digest_size=32, key=self._key).digest()


def basic(name: str, password: str) -> bytes:
    """Return the HTTP Basic header of a name and a password."""
    return b"Basic " + base64.b64encode(f"{name}:{password}".encode())


def parse_basic(authorization: bytes | None) -> Credential | None:
    """Return the credential of an HTTP Basic header, or None if it is none.

    Source: RFC 7617; names and passwords are UTF-8.
    """
    scheme, _, rest = (authorization or b"").partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        name, colon, password = base64.b64decode(rest.strip(), validate=True).partition(b":")
        return Credential(name.decode(), password.decode()) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _name_of(authorization: bytes | None) -> str:
    credential = parse_basic(authorization)
    return "" if credential is None else credential.name

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from typing import Any

import pytest

from brookline.errors import LockedOut, NotLoggedIn, Unavailable
from brookline.journal.records import Records
from brookline.security.attempts import BURST, FREE, MOST_WAIT_S, PER_SECOND, Waits
from brookline.security.login import Login, Provider, parse_basic
from brookline.security.passwords import amp_hash
from brookline.security.users import User, Users, to_value


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    boottime = monotonic

    def wall_ms(self) -> int:
        return 0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


def quick(password: str) -> str:
    return amp_hash("s", hashlib.sha256(f"s{password}".encode()).hexdigest())


def basic(name: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{name}:{password}".encode())


@pytest.fixture
def plane() -> Records:
    records = Records()
    records.put("user", "ann", to_value(User("ann", quick("pw"))))
    return records


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def login(plane, clock, tmp_path):
    users = Users({}, view=lambda: plane, copy=tmp_path / "users")
    made = Login(users, clock=clock)
    yield made
    made.close()


async def test_a_right_credential_is_known_afterwards(login):
    assert login.known(basic("ann", "pw")) is None

    assert await login.check(basic("ann", "pw"), "1.1.1.1") == "ann"

    assert login.known(basic("ann", "pw")) == "ann"
    assert login.known(basic("ann", "pv")) is None


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="none"),
        pytest.param(b"Bearer x", id="another-scheme"),
        pytest.param(b"Basic !", id="no-base64"),
        pytest.param(b"Basic " + base64.b64encode(b"ann"), id="no-colon"),
        pytest.param(basic("ann", "wrong"), id="wrong-password"),
        pytest.param(basic("bob", "pw"), id="unknown-name"),
        pytest.param(basic("ann", ""), id="empty-password"),
        pytest.param(basic("logout", "logout"), id="logout"),
    ],
)
async def test_anything_else_is_refused(login, header):
    with pytest.raises(NotLoggedIn):
        await login.check(header, "1.1.1.1")


async def test_logout_is_refused_even_if_there_is_such_a_user(login, plane):
    plane.put("user", "logout", to_value(User("logout", quick("logout"))))

    with pytest.raises(NotLoggedIn):
        await login.check(basic("logout", "logout"), "1.1.1.1")


async def test_what_is_known_ends_when_the_user_changes(login, plane):
    await login.check(basic("ann", "pw"), "a")

    plane.put("user", "ann", to_value(User("ann", quick("new"))))

    assert login.known(basic("ann", "pw")) is None
    with pytest.raises(NotLoggedIn):
        await login.check(basic("ann", "pw"), "a")
    assert await login.check(basic("ann", "new"), "a") == "ann"


async def test_what_is_known_ends_when_the_user_is_gone_and_a_refusal_when_one_comes(login, plane):
    await login.check(basic("ann", "pw"), "a")
    with pytest.raises(NotLoggedIn):
        await login.check(basic("bob", "pw"), "a")

    ann: Any = plane.get("user", "ann")
    plane.put("user", "bob", ann)
    plane._kinds["user"].pop("ann")

    assert login.known(basic("ann", "pw")) is None
    assert await login.check(basic("bob", "pw"), "a") == "bob"


async def test_without_any_user_the_answer_is_later_and_not_wrong(login, plane):
    plane._kinds.clear()

    with pytest.raises(Unavailable):
        await login.check(basic("ann", "pw"), "a")


async def test_by_a_copy_of_the_users_nobody_is_refused_for_good(plane, clock, tmp_path):
    copy = tmp_path / "users"
    before = Users({}, view=lambda: plane, copy=copy)
    before.keep(before.news())
    mine = {"me": User("me", quick("mine"))}
    view = None
    login = Login(Users(mine, view=lambda: view, copy=copy), clock=clock)

    assert await login.check(basic("ann", "pw"), "a") == "ann"
    for name in ("ann", "bob"):  # she may have a new password by now, and he may be new
        with pytest.raises(Unavailable, match="has not read the plane's log yet"):
            await login.check(basic(name, "new"), "a")
    with pytest.raises(NotLoggedIn):
        await login.check(basic("me", "wrong"), "a")
    with pytest.raises(NotLoggedIn):
        await login.check(None, "a")

    view = plane
    with pytest.raises(NotLoggedIn):
        await login.check(basic("ann", "new"), "a")
    login.close()


async def test_one_address_that_guesses_is_held_back_and_others_are_not(login, clock):
    for number in range(int(BURST)):
        with pytest.raises(NotLoggedIn):
            await login.check(basic(f"user{number}", "wrong"), "bad")

    with pytest.raises(LockedOut, match="too many wrong passwords from bad"):
        await login.check(basic("ann", "pw"), "bad")
    assert await login.check(basic("ann", "pw"), "good") == "ann"
    with pytest.raises(LockedOut):  # known by now, but not as what this one uses
        await login.check(basic("ann", "pw"), "bad")
    assert login.known(basic("ann", "pw"), "bad") is None
    assert login.known(basic("ann", "pw"), "good") == "ann"

    clock.now += 1 / PER_SECOND
    assert await login.check(basic("ann", "pw"), "bad") == "ann"
    with pytest.raises(NotLoggedIn):
        await login.check(basic("ann", "other"), "bad")


async def test_who_guesses_one_password_waits_longer_each_time(login, clock):
    for number in range(FREE):
        with pytest.raises(NotLoggedIn, match="wrong user name or password"):
            await login.check(basic("ann", f"wrong{number}"), "bad")
    waits = []
    for number in range(12):
        with pytest.raises(LockedOut) as locked:
            await login.check(basic("ann", "pw"), "bad")
        waits.append(locked.value.retry_s)
        clock.now += locked.value.retry_s + 0.001
        with pytest.raises(NotLoggedIn, match="wrong user name or password"):
            await login.check(basic("ann", f"again{number}"), "bad")

    assert waits == pytest.approx([min(2.0**n, MOST_WAIT_S) for n in range(12)], abs=0.01)
    assert await login.check(basic("ann", "pw"), "good") == "ann"
    clock.now += MOST_WAIT_S
    assert await login.check(basic("ann", "pw"), "bad") == "ann"
    with pytest.raises(NotLoggedIn, match="wrong user name or password"):
        await login.check(basic("ann", "once more"), "bad")
    assert await login.check(basic("ann", "pw"), "bad") == "ann"


async def test_guesses_of_many_names_take_no_more_memory(clock):
    waits = Waits(clock)
    for number in range(10_500):
        waits.failed("bad", f"user{number}")
    assert len(waits._failures) == 10_000


async def test_a_probe_with_one_wrong_password_uses_up_no_guesses(login):
    for _ in range(3 * int(BURST)):
        with pytest.raises(NotLoggedIn):
            await login.check(basic("ann", "old"), "probe")

    assert await login.check(basic("ann", "pw"), "probe") == "ann"


async def test_right_passwords_use_up_no_guesses(login, plane):
    for number in range(3 * int(BURST)):
        name = f"user{number}"
        plane.put("user", name, to_value(User(name, quick("pw"))))
        assert await login.check(basic(name, "pw"), "a") == name


async def test_many_requests_with_one_credential_hash_it_once(login, plane):
    header = basic("ann", "pw")

    names = await asyncio.gather(*(login.check(header, "a") for _ in range(500)))

    assert set(names) == {"ann"}  # 500 hashings would have met the limit of those that wait


async def test_too_many_different_logins_at_once_are_told_to_come_back(login):
    asked = [login.check(basic("ann", f"w{n}"), f"address{n}") for n in range(500)]

    ends = await asyncio.gather(*asked, return_exceptions=True)

    assert {type(end) for end in ends} == {NotLoggedIn, Unavailable}


async def test_a_caller_that_goes_away_does_not_stop_the_others(login):
    header = basic("ann", "pw")
    first = asyncio.ensure_future(login.check(header, "a"))
    second = asyncio.ensure_future(login.check(header, "a"))
    await asyncio.sleep(0)
    first.cancel()

    assert await second == "ann"


async def test_anyone_and_nobody(login):
    login.provider = Provider.ANYONE
    assert await login.check(None, "a") == ""
    assert await login.check(basic("zoe", "x"), "a") == "zoe"

    login.provider = Provider.NOBODY
    with pytest.raises(NotLoggedIn, match="nobody"):
        await login.check(basic("ann", "pw"), "a")


def test_a_password_may_hold_colons_and_is_not_shown():
    credential = parse_basic(b"basic " + base64.b64encode("ann:a:b ü".encode()))

    assert credential is not None
    assert (credential.name, credential.password) == ("ann", "a:b ü")
    assert "a:b" not in repr(credential)


async def test_a_name_with_a_quick_hash_takes_as_long_as_one_that_nobody_has(login, plane):
    plane.put("user", "amp", to_value(User("amp", quick("pw"))))

    def spent(encoded: str) -> float:
        began = time.thread_time()
        login._fits("wrong", encoded)
        return time.thread_time() - began

    nobody = min(spent(login._nobodys_hash) for _ in range(3))
    assert min(spent(quick("pw")) for _ in range(3)) > nobody / 2

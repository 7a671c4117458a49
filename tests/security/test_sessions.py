from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brookline.errors import Unavailable
from brookline.journal.records import Records
from brookline.security import session_keys, session_tokens
from brookline.security.session_tokens import Token
from brookline.security.sessions import End, Sessions, SessionTimes
from brookline.security.users import User, Users, to_value

TIMES = SessionTimes(idle_s=100.0, age_s=1000.0, pass_s=10.0)
AGE_MS = 1_000_000


@dataclasses.dataclass
class Clock:
    now_ms: int = 1_000_000_000

    def monotonic(self) -> float:
        return self.now_ms / 1000

    boottime = monotonic

    def wall_ms(self) -> int:
        return self.now_ms

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def records(clock):
    found = Records()
    found.put("user", "ann", to_value(User("ann", "hash")))
    found.apply(session_keys.due(found, clock.now_ms, AGE_MS))
    return found


@pytest.fixture
def node(records, clock, tmp_path):
    def made(configured=None):
        users = Users(configured or {}, view=lambda: records, copy=tmp_path / "users")
        return Sessions(users, view=lambda: records, clock=clock, times=TIMES)

    return made


def test_one_node_reads_what_another_signed(node):
    one, other = node(), node()
    token = one.begin("ann")
    assert other.opened(one.sealed(token)) == token
    assert other.end_of(token) is None


@pytest.mark.parametrize(
    ("after_ms", "end"),
    [
        pytest.param(100_000, None, id="in time"),
        pytest.param(100_001, End.INVALIDATED, id="idle"),
        pytest.param(1_000_001, End.AGE_EXCEEDED, id="too old"),
        pytest.param(-50_000, None, id="a clock that is behind"),
    ],
)
def test_a_session_ends_by_time(node, clock, after_ms, end):
    token = node().begin("ann")
    clock.now_ms += after_ms
    assert node().end_of(token) is end


def test_a_session_that_is_used_lives_on_until_its_age(node, clock):
    sessions = node()
    token = sessions.begin("ann")
    for _ in range(10):
        clock.now_ms += 99_000
        assert sessions.is_renewable(token)
        token = sessions.renewed(token)
        assert sessions.end_of(token) is None
    clock.now_ms += 99_000
    assert sessions.end_of(sessions.renewed(token)) is End.AGE_EXCEEDED


def test_a_pass_lives_for_seconds_and_is_no_cookie(node, clock):
    sessions = node()
    token = sessions.passing(sessions.begin("ann"))
    assert token.kind == session_tokens.PASS
    clock.now_ms += 10_001
    assert sessions.end_of(token) is End.INVALIDATED


def test_a_new_password_and_the_end_of_a_user_end_sessions(node, records):
    token = node().begin("ann")
    records.put("user", "ann", to_value(User("ann", "other")))
    assert node().end_of(token) is End.INVALIDATED
    records.put("user", "ann", to_value(User("ann", "hash")))
    assert node().end_of(token) is None
    records._kinds["user"].pop("ann")
    assert node().end_of(token) is End.INVALIDATED


def test_a_user_of_the_nodes_properties_has_another_hash_on_each_and_one_session(node):
    one, other = (node({"bob": User("bob", salted)}) for salted in ("hash1", "hash2"))
    token = one.begin("bob")
    assert other.end_of(token) is None
    assert node().end_of(token) is End.INVALIDATED


def test_a_session_that_was_ended_is_so_where_that_is_known(node, records, clock):
    here, other = node(), node()
    token = here.begin("ann")
    here.end_here(token.session)
    assert here.end_of(token) is End.INVALIDATED
    assert here.closing_of(token) == "logged-out"
    assert other.end_of(token) is None
    records.apply(session_keys.end(records, token.session, here.until_ms(token)))
    assert other.end_of(token) is End.INVALIDATED
    assert session_keys.end(records, token.session, 0) == [], "once is enough"


def test_without_a_key_nobody_signs(node, records):
    records._kinds.pop(session_keys.KEY)
    assert not node().ready
    with pytest.raises(Unavailable):
        node().begin("ann")


def test_keys_change_and_what_an_old_one_signed_is_read_on(node, records, clock):
    sessions = node()
    token = sessions.sealed(sessions.begin("ann"))
    clock.now_ms += session_keys.ROTATION_MS
    records.apply(session_keys.due(records, clock.now_ms, AGE_MS))
    assert len(list(records.ids(session_keys.KEY))) == 2
    assert sessions.opened(token) is not None
    assert (
        sessions.begin("ann").key
        != session_tokens.opened(token, lambda key: session_keys.secret_of(records, key)).key
    )
    assert session_keys.due(records, clock.now_ms, AGE_MS) == []


def test_old_keys_and_ends_are_forgotten(records, clock):
    first = list(records.ids(session_keys.KEY))
    records.apply(session_keys.end(records, "s1", clock.now_ms))
    for _ in range(3):
        clock.now_ms += session_keys.ROTATION_MS
        records.apply(session_keys.due(records, clock.now_ms, AGE_MS))
    assert not set(first) & set(records.ids(session_keys.KEY))
    assert list(records.ids(session_keys.ENDED)) == []
    assert len(list(records.ids(session_keys.KEY))) == 2


def test_the_list_of_ends_is_bounded(records):
    for number in range(session_keys.MOST_ENDED):
        records.put(session_keys.ENDED, f"s{number}", {"until": 10**15})
    records.apply(session_keys.end(records, "last", 10**15))
    ids = list(records.ids(session_keys.ENDED))
    assert len(ids) == session_keys.MOST_ENDED
    assert ids[-1] == "last"
    assert "s0" not in ids


_TOKEN = Token("c", "k", "s", "ann", 1, 2)


@given(st.text(max_size=300))
def test_nothing_else_is_a_token(text):
    assert session_tokens.opened(text, lambda _: b"key") is None


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_no_changed_token_is_one(place, change):
    text = session_tokens.sealed(_TOKEN, b"key")
    assert session_tokens.opened(text, lambda _: b"key") == _TOKEN
    place %= len(text)
    changed = text[:place] + chr(ord(text[place]) ^ change) + text[place + 1 :]
    found = session_tokens.opened(changed, lambda _: b"key")
    # The last character of base64 may hold bits that mean nothing.
    assert found is None or (found == _TOKEN and text[place + 1 : place + 2] in ("", "."))


def test_a_token_of_another_key_is_none():
    text = session_tokens.sealed(_TOKEN, b"key")
    assert session_tokens.opened(text, lambda _: b"other") is None
    assert session_tokens.opened(text, lambda _: None) is None
    assert session_tokens.opened("x" * 5000, lambda _: b"key") is None

"""What is answered is durable, whatever the server, its roles or what lies between say."""

from __future__ import annotations

import asyncio

import pytest
from tests.backends.fixtures import served
from tests.backends.postgresql import Postgresql

from brookline.errors import StoreError, StoreUnfit
from brookline.stores import times
from brookline.stores.postgresql.connections import READY
from brookline.stores.postgresql.store import PostgresqlStore
from brookline.stores.store import CREATED, EXISTS, FsyncFailed, Undecided

pytestmark = pytest.mark.xdist_group("postgresql")

ENTRY = "journal/0000000/0000000001"


async def commits(store):
    return await store._connections.run(
        lambda c: c.fetchval("SHOW synchronous_commit"), times.limit_s()
    )


@pytest.mark.parametrize("setting", ["off", "local", "remote_write"])
async def test_commits_are_durable_though_the_role_says_otherwise(
    postgresql, role, open_store, setting
):
    postgresql.execute(f"ALTER ROLE {role} SET synchronous_commit = {setting}")
    store = await open_store(postgresql.url(role, user=role, password="pw"))
    assert await commits(store) == "on"
    assert await store.create(ENTRY, b"one") == CREATED


async def test_a_stronger_setting_of_the_role_stays(postgresql, role, open_store):
    postgresql.execute(f"ALTER ROLE {role} SET synchronous_commit = remote_apply")
    store = await open_store(postgresql.url(role, user=role, password="pw"))
    assert await commits(store) == "remote_apply"
    assert await store.create(ENTRY, b"one") == CREATED


async def test_a_server_on_which_it_cannot_be_set_is_refused(postgresql, role):
    url = postgresql.url(role, user=role, password="pw")
    postgresql.execute(
        "CREATE SCHEMA between;"
        " CREATE FUNCTION between.set_config(text, text, boolean) RETURNS text"
        " LANGUAGE sql AS $$ SELECT 'off' $$;"
        f" GRANT USAGE ON SCHEMA between TO {role};"
        f" ALTER ROLE {role} SET search_path = between, pg_catalog, public",
        role,
    )
    with pytest.raises(StoreUnfit, match=r"synchronous_commit is 'off'.*session mode"):
        await PostgresqlStore.open(url)


async def test_a_setting_that_is_lost_later_ends_the_mastership(postgresql, open_store):
    store = await open_store(postgresql.place())
    assert await store.create(ENTRY, b"one") == CREATED
    # As a pooler in transaction mode does, which gives the next call another session.
    for _ in range(READY):
        await store._connections.run(
            lambda c: c.execute("SET synchronous_commit = off"), times.limit_s()
        )
    assert not store.broken

    outcome = await store.create("journal/0000000/0000000002", b"two")

    assert isinstance(outcome, FsyncFailed)
    assert "synchronous_commit is 'off'" in outcome.reason
    assert store.broken == outcome.reason
    assert isinstance(await store.create("journal/0000000/0000000003", b"x"), FsyncFailed)
    assert await store.get("journal/0000000/0000000003") is None


@pytest.mark.slow
async def test_a_server_without_fsync_is_refused():
    with served(Postgresql) as server:
        url = server.place()
        server.stop()
        server.start("-c", "fsync=off")
        with pytest.raises(StoreUnfit, match="fsync = off"):
            await PostgresqlStore.open(url)


async def test_a_table_without_a_log_is_refused_until_it_has_one(postgresql, open_store):
    url = postgresql.url()
    database = url.rpartition("/")[2]
    postgresql.execute(
        'CREATE UNLOGGED TABLE brookline (key text COLLATE "C" PRIMARY KEY, data bytea NOT NULL)',
        database,
    )
    with pytest.raises(StoreUnfit, match=r'UNLOGGED.*ALTER TABLE "brookline" SET LOGGED'):
        await PostgresqlStore.open(url)

    postgresql.execute('ALTER TABLE "brookline" SET LOGGED', database)
    store = await open_store(url)
    assert await store.create(ENTRY, b"one") == CREATED


async def test_a_table_that_ends_with_its_session_is_refused(postgresql):
    with pytest.raises(StoreUnfit, match="is temporary, and ends with its session"):
        await PostgresqlStore.open(f"{postgresql.url()}?table=pg_temp.plane")


async def test_a_table_whose_parts_may_be_without_a_log_is_refused(postgresql):
    url = postgresql.url()
    postgresql.execute(
        'CREATE TABLE brookline (key text COLLATE "C" PRIMARY KEY, data bytea NOT NULL)'
        " PARTITION BY HASH (key);"
        " CREATE UNLOGGED TABLE part PARTITION OF brookline"
        " FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        url.rpartition("/")[2],
    )
    with pytest.raises(StoreUnfit, match="no plain table"):
        await PostgresqlStore.open(url)


@pytest.mark.slow
async def test_what_only_the_primary_has_is_not_called_settled(open_store, monkeypatch):
    """A commit that waits for a standby is shown to others if somebody cancels the wait."""
    monkeypatch.setattr(times, "ANSWER_S", 0.5)
    monkeypatch.setattr(times, "CREATE_S", 0.5)
    with served(Postgresql) as server:
        store = await open_store(server.place())
        server.execute("ALTER SYSTEM SET synchronous_standby_names = 'none_of_that_name'")
        server.execute("SELECT pg_reload_conf()")
        entry = await first_undecided(store)  # the server takes its time to heed what it reloads
        server.execute(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        )
        assert await store.get(entry) == b"one"
        assert await store.create(entry, b"one") == EXISTS
        with pytest.raises(StoreError, match="cannot settle"):
            await store.settle(entry)

        server.execute("ALTER SYSTEM RESET synchronous_standby_names")
        server.execute("SELECT pg_reload_conf()")
        async with asyncio.timeout(30):
            while not await is_settled(store, entry):
                pass
        await store.close()


async def first_undecided(store):
    """Create one entry after the other until nobody can say whether it is; return its key."""
    for number in range(1, 1000):
        entry = f"journal/0000000/{number:010d}"
        if isinstance(await store.create(entry, b"one"), Undecided):
            return entry
    raise AssertionError("all were created")


async def is_settled(store, entry):
    try:
        await store.settle(entry)
    except StoreError:
        return False
    return True

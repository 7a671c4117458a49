from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
from tests.backends.postgresql import PASSWORD, USER
from tests.backends.programs import free_port

from brookline.errors import StoreAbsent, StoreError, StoreUnfit
from brookline.stores.postgresql import store as postgresql_store
from brookline.stores.postgresql.address import read_address
from brookline.stores.postgresql.store import PostgresqlStore
from brookline.stores.store import CREATED

pytestmark = pytest.mark.xdist_group("postgresql")

ENTRY = "journal/0000000/0000000001"


def test_a_url_names_hosts_a_database_and_a_table():
    address = read_address("postgresql://me:secret@h1:1,h2/db?table=ops.plane&sslmode=require")
    assert address.dsns == (
        "postgresql://me:secret@h1:1/db?sslmode=require",
        "postgresql://me:secret@h2/db?sslmode=require",
    )
    assert address.table == '"ops"."plane"'
    assert "secret" not in address.place


@pytest.mark.parametrize(
    ("url", "variables", "words"),
    [
        ("postgresql://h:99999/db", {}, "the port '99999', from the URL"),
        ("postgresql://me:s3same@h:0/db", {}, "the port '0', from the URL"),
        ("postgresql://h1,h2:abc/db", {}, "the port 'abc', from the URL"),
        ("postgresql://h:5432x/db", {}, "the port '5432x', from the URL"),
        ("postgresql://h:-1/db", {}, "the port '-1', from the URL"),
        ("postgresql://[::1]:99999/db", {}, "the port '99999', from the URL"),
        ("postgresql://[::1]:abc/db", {}, "the port 'abc', from the URL"),
        ("postgresql:///db?port=99999", {}, "from 'port' in the URL"),
        ("postgresql:///db?host=h:99999", {}, "from 'host' in the URL"),
        ("postgresql:///db", {"PGPORT": "99999"}, "from the variable PGPORT"),
        ("postgresql://h/db", {"PGPORT": "abc"}, "from the variable PGPORT"),
        ("postgresql:///db", {"PGHOST": "h:99999"}, "from the variable PGHOST"),
        ("postgresql:///db", {"PGSERVICE": "wrong"}, "from 'port' of the service 'wrong'"),
    ],
)
def test_a_port_that_there_cannot_be_is_refused_by_name(url, variables, words, tmp_path):
    file = tmp_path / "services"
    file.write_text("[wrong]\nport=70000\n")
    with pytest.raises(StoreUnfit, match="none that there could be: write a number") as refused:
        read_address(url, {"PGSERVICEFILE": str(file), **variables})
    assert words in refused.value.message
    assert "s3same" not in refused.value.message


def test_ports_that_there_may_be_and_those_that_nobody_asks_are_none_of_our_business():
    for url in ("postgresql://h:5432,[::1]:65535,h:/db", "postgresql:///db?host=/run/a:b&port=1"):
        assert read_address(url, {"PGHOST": "h:99999"}).dsns
    assert read_address("postgresql:///db?port=5432", {"PGPORT": "abc"}).dsns


@pytest.mark.parametrize("table", ["a;b", "", "a.b.c", 'a"', "1a", "ä"])
def test_a_table_has_a_plain_name(table):
    with pytest.raises(StoreUnfit, match="no name of a table"):
        read_address(f"postgresql://h/db?table={table}")


@pytest.mark.parametrize("asked", ["?host=/nowhere", "?host=h&sslmode=verify-ca&sslrootcert=/no"])
async def test_of_a_file_that_is_not_there_it_is_said_where_to_look(asked):
    with pytest.raises(StoreError, match=r"'host' or PGHOST, and at sslrootcert.*PGSSLROOTCERT"):
        await PostgresqlStore.open(f"postgresql:///db{asked}")


async def test_the_password_may_be_in_a_file(postgresql, open_store, tmp_path, monkeypatch):
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"127.0.0.1:{postgresql.port}:*:{USER}:{PASSWORD}\n")
    passfile.chmod(0o600)
    url = postgresql.place().replace(f":{PASSWORD}@", "@")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "other"))
    with pytest.raises(StoreUnfit, match="login is refused"):
        await open_store(url)

    monkeypatch.setenv("PGPASSFILE", str(passfile))
    store = await open_store(url)
    assert await store.create(ENTRY, b"one") == CREATED


@pytest.fixture
def service(postgresql, role, tmp_path, monkeypatch):
    """The name of a service in a file that says where a database is, and how to get in."""
    file = tmp_path / "services"
    file.write_text(
        f"[planes]\nhost=127.0.0.1\nport={postgresql.port}\nuser={role}\npassword=pw\ndbname={role}\n"
        "[broken]\nhost=127.0.0.1\npassword=s3same%open\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    monkeypatch.delenv("PGSERVICE", raising=False)
    return "planes"


@pytest.mark.parametrize("url", ["postgresql:///?table=plane", "postgresql://?table=plane"])
async def test_a_service_says_all_whether_the_environment_names_it_or_the_url(
    postgresql, role, service, open_store, monkeypatch, url
):
    named = await open_store(f"{url}&service={service}")
    assert await named.create(ENTRY, b"one") == CREATED
    assert postgresql.execute("SELECT key FROM plane", role) == ENTRY

    monkeypatch.setenv("PGSERVICE", service)
    assert await (await open_store(url)).get(ENTRY) == b"one"

    monkeypatch.setenv("PGSERVICE", "broken")  # what the URL says comes first
    assert await (await open_store(f"{url}&service={service}")).get(ENTRY) == b"one"


async def test_what_the_url_says_comes_before_what_its_service_says(
    postgresql, role, service, open_store
):
    store = await open_store(
        f"postgresql:///postgres?service={service}&user={USER}&password={PASSWORD}&table=other"
    )
    assert await store.create(ENTRY, b"one") == CREATED
    assert postgresql.execute("SELECT key FROM other") == ENTRY
    postgresql.execute("DROP TABLE other")


async def test_a_service_that_there_is_not_is_not_taken_for_this_machine(service):
    with pytest.raises(StoreUnfit, match=r"no service 'plans' in .*services.*PGSERVICEFILE"):
        await PostgresqlStore.open("postgresql:///?service=plans")
    with pytest.raises(StoreUnfit, match="cannot be read") as refused:
        await PostgresqlStore.open("postgresql:///?service=broken")
    assert "s3same" not in refused.value.message


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        ("tabel=plane", r"unrecognized configuration parameter .tabel.; did you mean 'table'\?"),
        ("sslmod=require", r"did you mean 'sslmode'\?"),
        ("statement_timeout=soon", "invalid value for parameter"),
        ("shared_buffers=1MB", "cannot be changed without restarting"),
    ],
)
async def test_a_parameter_that_there_is_not_is_not_waited_for(postgresql, parameter, words):
    down = f"127.0.0.1:{free_port()}"
    url = postgresql.url("postgres").replace("/postgres", f",{down}/postgres")
    with pytest.raises(StoreUnfit, match=f"parameter of the URL is wrong: .*{words}"):
        await PostgresqlStore.open(f"{url}?{parameter}")


async def test_settings_of_the_server_may_be_parameters(postgresql, open_store):
    store = await open_store(f"{postgresql.place()}&application_name=planes&work_mem=8MB")
    assert await store.create(ENTRY, b"one") == CREATED


async def test_of_several_hosts_one_that_takes_writes_is_used(postgresql, open_store):
    url = postgresql.place().replace("@127.0.0.1", f"@127.0.0.1:{free_port()},127.0.0.1")
    store = await open_store(url)
    assert await store.create(ENTRY, b"one") == CREATED


async def test_hosts_that_say_nothing_do_not_keep_a_call_from_the_one_that_lives(postgresql):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        hosts = f"@127.0.0.1:{port},127.0.0.1:{port},127.0.0.1"
        store = await PostgresqlStore.open(postgresql.place().replace("@127.0.0.1", hosts))
        assert await store.create(ENTRY, b"one") == CREATED
        assert f":{postgresql.port}/" in store._connections._dsns[0]
        await store.close()


async def test_of_hosts_that_let_nobody_in_the_last_one_is_quoted(postgresql):
    url = postgresql.url("postgres", password="wrong")
    with pytest.raises(StoreUnfit, match="login is refused"):
        await PostgresqlStore.open(url.replace("@127", f"@127.0.0.1:{free_port()},127"))
    url = url.replace("/postgres", f",127.0.0.1:{free_port()}/postgres")
    with pytest.raises(StoreError, match="cannot be reached"):
        await PostgresqlStore.open(url)


async def test_a_server_that_takes_no_writes_is_waited_for(postgresql, role, open_store):
    postgresql.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on")
    with pytest.raises(StoreError, match="no server there takes writes") as refused:
        await open_store(postgresql.url(role, user=role, password="pw"))
    assert not isinstance(refused.value, StoreUnfit)


async def test_a_database_that_is_missing_is_waited_for(postgresql):
    with pytest.raises(StoreAbsent, match=r'"nobodys" does not exist.*createdb'):
        await PostgresqlStore.open(postgresql.url("nobodys"))


async def test_a_table_that_is_something_else_is_not_touched(postgresql, role):
    postgresql.execute("CREATE TABLE brookline (key text PRIMARY KEY, data bytea)", role)
    with pytest.raises(StoreUnfit, match="something else; nothing was touched"):
        await PostgresqlStore.open(postgresql.url(role))  # its keys are in another order


async def test_a_user_who_may_not_make_the_table_is_told(postgresql, role):
    postgresql.execute(f"REVOKE ALL ON SCHEMA public FROM public, {role}", role)
    postgresql.execute(f"ALTER SCHEMA public OWNER TO {USER}", role)
    postgresql.execute(f"GRANT USAGE ON SCHEMA public TO {role}", role)
    url = postgresql.url(role, user=role, password="pw")
    with pytest.raises(StoreUnfit, match=r"may not make it.*grant it CREATE"):
        await PostgresqlStore.open(url)
    with pytest.raises(StoreUnfit, match='schema "ops" does not exist'):
        await PostgresqlStore.open(f"{url}?table=ops.plane")


async def test_a_user_who_may_only_read_is_told(postgresql, role, open_store):
    await open_store(postgresql.url(role))
    postgresql.execute(f"GRANT SELECT ON brookline TO {role}", role)
    with pytest.raises(StoreUnfit, match=r"permission denied.*grant the user SELECT, INSERT"):
        await PostgresqlStore.open(postgresql.url(role, user=role, password="pw"))


async def test_opening_leaves_nothing_behind_and_two_connections_ready(postgresql, open_store):
    store = await open_store(postgresql.place())
    assert await store.list("") == []
    assert len(store._connections._idle) == 2


async def test_several_nodes_may_make_the_table_at_the_same_time(postgresql, open_store):
    url = postgresql.place()
    stores = await asyncio.gather(*(open_store(url) for _ in range(8)))
    assert await stores[0].create(ENTRY, b"one") == CREATED
    assert {await store.get(ENTRY) for store in stores} == {b"one"}


async def test_a_connection_that_was_cut_is_replaced(postgresql, open_store):
    store = await open_store(postgresql.place())
    await store.create(ENTRY, b"one")
    postgresql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    with contextlib.suppress(StoreError):  # by the first call it may find out
        await store.get(ENTRY)
    assert await store.get(ENTRY) == b"one"


async def test_listeners_are_told_of_new_keys_and_of_the_end_of_their_connection(
    postgresql, open_store
):
    store = await open_store(postgresql.place())
    other = await open_store(postgresql.place())  # another table, another channel
    hints = store.watch("journal/")
    await anext(hints)  # it listens

    await other.create(ENTRY, b"elsewhere")
    await store.create("node/a", b"beat")
    waiting = asyncio.ensure_future(anext(hints))
    await asyncio.wait([waiting], timeout=0.2)
    assert not waiting.done()

    await store.create(ENTRY, b"one")
    async with asyncio.timeout(10):
        await waiting
    postgresql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
    )
    async with asyncio.timeout(10):
        with pytest.raises(StoreError, match=r"broke|connection"):
            await anext(hints)


async def test_a_listener_notices_a_server_that_says_nothing_any_more(
    postgresql, open_store, monkeypatch
):
    monkeypatch.setattr(postgresql_store, "QUIET_S", 0.2)
    monkeypatch.setattr(postgresql_store, "limit_s", lambda *_: 0.5)
    store = await open_store(postgresql.place())
    hints = store.watch("journal/")
    await anext(hints)  # it listens
    waiting = asyncio.ensure_future(anext(hints))
    await asyncio.wait([waiting], timeout=0.6)
    assert not waiting.done()  # there is nothing to tell, and the server is there

    postgresql.pause()
    try:
        async with asyncio.timeout(20):
            with pytest.raises(StoreError):
                await waiting
    finally:
        postgresql.resume()


async def test_a_closed_store_says_so(postgresql):
    store = await PostgresqlStore.open(postgresql.place())
    await store.close()
    with pytest.raises(StoreError, match="was closed"):
        await store.get(ENTRY)


async def test_a_call_that_was_under_way_at_the_end_leaves_no_connection_behind(postgresql):
    store = await PostgresqlStore.open(postgresql.place())
    calls = [asyncio.ensure_future(store.create(f"probe/x/{n}", b"x")) for n in range(3)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.wait(calls)
    assert store._connections._idle == []

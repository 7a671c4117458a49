import socket

from brookline.journal.records import Records
from brookline.locations.ports import first_free, free_ports, machines_in, ports_of_host
from brookline.values.ports import PortRange


def test_ports_in_use_are_those_in_the_records_of_the_hosts_machines():
    records = Records()
    records.put("location", "a", {"config": {"host": "h1", "ports": {"e": {"http.port": 8080}}}})
    shared = {"e": {"x.port": 8081, "y": 9}, "f": {"x.port": 8083}}
    records.put("location", "b", {"config": {"host": "h1", "ports": shared}})
    records.put("location", "c", {"config": {"host": "h2", "ports": {"e": {"http.port": 8082}}}})
    records.put("location", "d", {"name": "localhost"})
    assert ports_of_host(machines_in(records), "h1") == {8080, 8081, 8083, 9}


async def test_candidates_are_free_and_in_the_order_of_the_range(machine):
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        used = {taken - 1}
        found = await free_ports(machine, PortRange.of(f"{taken - 1}-{taken + 20}"), used)
        assert taken not in found
        assert taken - 1 not in found
        assert found == sorted(found)
        assert found


async def test_only_some_are_tried(machine):
    assert len(await free_ports(machine, PortRange.of("20000+"), set())) == 25


def test_the_first_that_nobody_took_meanwhile_is_chosen():
    assert first_free([1, 2, 3], {1, 3}) == 2
    assert first_free([1], {1}) is None

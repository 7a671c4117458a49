from pathlib import Path

import pytest

from brookline.errors import InvalidInput, RemoteError
from brookline.locations.here import host_key, login_folder
from brookline.locations.kinds import Locations, Need
from brookline.locations.localhost import BASE_DIR, Localhost
from brookline.model.location import Location
from brookline.values.clock import SystemClock


@pytest.fixture
def locations():
    return Locations([Localhost(SystemClock())])


def test_a_spec_becomes_a_record(locations):
    record = locations.resolve("localhost(name=here, address=127.0.0.2)")
    assert record == {
        "name": "here",
        "spec": "localhost(name=here, address=127.0.0.2)",
        "type": "org.apache.brooklyn.location.localhost.LocalhostMachineProvisioningLocation",
        "parent": "",
        "config": {"address": "127.0.0.2"},
    }


def test_an_unknown_location_is_refused_with_a_suggestion(locations):
    with pytest.raises(InvalidInput, match="unknown location 'locahost'; did you mean 'localhost'"):
        locations.resolve("locahost")
    with pytest.raises(InvalidInput, match="known are: localhost"):
        locations.resolve("jclouds:aws-ec2")


def test_it_can_be_switched_off():
    with pytest.raises(InvalidInput, match=r"brooklyn\.location\.localhost\.enabled"):
        Locations([Localhost(SystemClock(), enabled=False)]).resolve("localhost")


async def test_it_gives_this_host_as_a_machine(locations, tmp_path):
    location = Location("l1", locations.resolve({"localhost": {BASE_DIR: str(tmp_path / "b")}}))
    assert locations.gives_machines(location)
    assert not locations.is_machine(location)
    record = await locations.obtain(location, Need("e1"))
    assert record["parent"] == "l1"
    assert record["config"]["entity"] == "e1"
    made = Location("m1", record)
    assert locations.is_machine(made)
    machine = locations.machine(made)
    assert (machine.host.key, machine.host.address) == (host_key(), "127.0.0.1")
    assert (await machine.run("echo here")).stdout == "here\n"
    await locations.release(made)


def test_a_machine_of_a_kind_that_is_gone_is_an_error(locations):
    with pytest.raises(RemoteError, match=r"'m' is of type 'x\.Y'"):
        locations.machine(Location("m1", {"name": "m", "type": "x.Y"}))


@pytest.mark.parametrize(
    ("given", "expected"),
    [("~/apps", "apps"), ("apps", "apps"), ("~", ""), ("/srv/apps", "/srv/apps")],
)
async def test_a_folder_is_read_as_a_login_would_read_it(locations, given, expected):
    location = Location("l1", locations.resolve({"localhost": {BASE_DIR: given}}))
    record = await locations.obtain(location, Need("e1"))
    assert record["config"][BASE_DIR] == str(Path(login_folder()) / expected)

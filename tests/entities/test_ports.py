import socket

import pytest

from brookline.operations.task import Status


@pytest.fixture
def taken():
    """A port that somebody listens on, with room for a range above it."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            if port <= 65000:
                yield port
                return


async def test_ports_are_taken_from_their_ranges_and_never_twice(house, taken):
    one = f"""
    - type: vanilla
      brooklyn.config:
        http.port: {taken}-{taken + 400}
        db.port: 3306
        shell.env: {{PORT: $brooklyn:attributeWhenReady("http.port")}}
        launch.command: echo $PORT
        checkRunning.command: ""
    """
    app = await house.deploy("location: LOCALHOST\nservices:\n" + one * 5)
    assert house.start_task(app).status is Status.COMPLETED
    ports = [child.sensors["http.port"] for child in app.children]
    assert len(set(ports)) == 5
    assert taken not in ports
    for child, port in zip(app.children, ports, strict=True):
        assert child.sensors["main.uri"] == f"http://127.0.0.1:{port}/"
        assert "db.port" not in child.sensors
        assert house.stream(house.start_task(child), "launch", "stdout") == f"{port}\n"
        [machine] = map(house.live.location, child.locations)
        assert machine.config["ports"] == {child.id: {"http.port": port}}


async def test_a_range_without_a_free_port_fails_the_start(house, taken):
    app = await house.deploy(
        f"""
        location: LOCALHOST
        services:
        - type: vanilla
          brooklyn.config: {{http.port: {taken}-{taken}, launch.command: "true"}}
        """
    )
    assert house.start_task(app).error == (
        f"no port of http.port = {taken}-{taken} is free on 127.0.0.1"
    )


async def test_the_port_of_its_address_may_be_a_single_number(house):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    app = await house.deploy(
        f"""
        location: LOCALHOST
        services:
        - type: vanilla
          brooklyn.config:
            http.port: {port}
            shell.env: {{PORT: $brooklyn:attributeWhenReady("http.port")}}
            launch.command: echo $PORT
            checkRunning.command: ""
        """
    )
    [web] = app.children
    assert house.start_task(app).status is Status.COMPLETED
    assert (web.sensors["http.port"], web.sensors["main.uri"]) == (
        port, f"http://127.0.0.1:{port}/"
    )  # fmt: skip


@pytest.mark.parametrize("value", ["'eighty'", "70000", "-5", "'8080,x'"])
async def test_the_port_of_its_address_must_be_one(house, value):
    app = await house.deploy(
        f"""
        location: LOCALHOST
        services:
        - type: vanilla
          brooklyn.config:
            http.port: {value}
            shell.env: {{PORT: $brooklyn:attributeWhenReady("http.port")}}
            launch.command: "true"
        """
    )
    assert house.start_task(app).error == (
        f"config 'http.port': {value} is not a range of ports such as '8080,18080+' or '8000-8010'"
    )

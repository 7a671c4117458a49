from __future__ import annotations

import os
import socket
from types import SimpleNamespace

import pytest

from brookline.errors import InvalidInput
from brookline.server.listening import doubt_about, listen, url_of
from brookline.values.ports import PortRange

ANY = PortRange.of(0)


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock.getsockname()[1]


def test_several_addresses_share_the_port_that_was_free():
    first, second = listen(["127.0.0.1", "127.0.0.2"], ANY)

    with first, second:
        assert first.getsockname()[1] == second.getsockname()[1]
        assert url_of(first, https=False) == f"http://127.0.0.1:{first.getsockname()[1]}"


def test_ipv6_is_written_in_brackets():
    (sock,) = listen(["::1"], ANY)

    with sock:
        assert url_of(sock, https=True).startswith("https://[::1]:")


@pytest.mark.parametrize(
    ("bind", "name", "found", "doubted"),
    [
        ("0.0.0.0", "localhost", ["127.0.0.1", "::1"], True),
        ("0.0.0.0", "box.example.com", ["127.0.1.1"], True),
        ("0.0.0.0", "box.example.com", ["10.1.2.3", "127.0.1.1"], False),
        ("127.0.0.1", "localhost", ["127.0.0.1"], False),
        ("0.0.0.0", "localhost.localdomain", None, True),
        ("0.0.0.0", "box", None, False),
    ],
)
def test_a_name_that_leads_others_to_themselves_is_doubted(monkeypatch, bind, name, found, doubted):
    def look_up(*_, **__):
        if found is None:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (one, 0)) for one in found]

    sock = SimpleNamespace(getsockname=lambda: (bind, 8081))
    monkeypatch.setattr(socket, "getfqdn", lambda: name)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    told = doubt_about(sock)

    assert bool(told) == doubted
    assert ("--node-address" in told) == doubted


def test_a_port_in_use_is_refused_with_who_holds_it(taken):
    with pytest.raises(InvalidInput) as refused:
        listen(["127.0.0.1"], PortRange.of(taken))

    text = refused.value.message
    assert f"port {taken} is in use by process {os.getpid()} (" in text
    assert "python" in text or "pytest" in text
    assert "--port" in text


def test_nothing_is_left_open_when_one_of_several_addresses_is_taken(taken):
    with pytest.raises(InvalidInput):
        listen(["127.0.0.2", "127.0.0.1"], PortRange.of(taken))

    with socket.create_server(("127.0.0.2", taken)):
        pass


def test_a_range_goes_on_to_the_next_port(taken):
    (sock,) = listen(["127.0.0.1"], PortRange.of(f"{taken},0"))

    with sock:
        assert sock.getsockname()[1] != taken


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(InvalidInput, match=r"cannot listen on 192\.0\.2\.1 port"):
        listen(["192.0.2.1"], PortRange.of(12345))


def test_an_unknown_name_is_refused():
    with pytest.raises(InvalidInput, match=r"cannot listen on no-such-host\.invalid"):
        listen(["no-such-host.invalid"], PortRange.of(12345))

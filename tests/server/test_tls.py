from __future__ import annotations

import hashlib
import socket
import ssl
import stat
import threading

import pytest
from cryptography import x509

from brookline.errors import InvalidInput
from brookline.server.tls import given_tls, own_tls
from brookline.values.clock import SystemClock


class Later(SystemClock):
    def __init__(self, days: float) -> None:
        self.days = days

    def wall_ms(self) -> int:
        return super().wall_ms() + int(self.days * 86_400_000)


def shaken(tls, folder, name: str, *more) -> bytes:
    """Return the certificate that a client trusting it, and more, gets under this name."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with tls.context.wrap_socket(ours, server_side=True) as server:
            server.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context()
    for trusted in (*more, folder):
        client.load_verify_locations(cafile=str(trusted / "certificate.pem"))
    try:
        with client.wrap_socket(theirs, server_hostname=name) as sock:
            sock.send(b"x")
            return sock.getpeercert(binary_form=True) or b""
    finally:
        thread.join()


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "::1", "10.1.2.3", socket.gethostname()]
)
def test_the_nodes_own_certificate_is_good_for_its_names(tmp_path, name):
    folder = tmp_path / "tls"

    tls = own_tls(folder, ["10.1.2.3", "0.0.0.0"], SystemClock())

    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    assert hashlib.sha256(shaken(tls, folder, name)).hexdigest() == tls.fingerprint


def test_it_is_made_once_and_anew_when_it_ends_or_lacks_a_name(tmp_path):
    folder = tmp_path / "tls"
    first = own_tls(folder, [], SystemClock())

    assert own_tls(folder, [], SystemClock()).fingerprint == first.fingerprint
    with_name = own_tls(folder, ["10.1.2.3"], SystemClock())
    assert with_name.fingerprint != first.fingerprint
    assert own_tls(folder, [], SystemClock()).fingerprint == with_name.fingerprint
    assert own_tls(folder, [], Later(790)).fingerprint == with_name.fingerprint
    assert own_tls(folder, [], Later(800)).fingerprint != with_name.fingerprint


def test_a_client_can_trust_those_of_two_nodes_of_one_machine(tmp_path):
    folders = tmp_path / "n1", tmp_path / "n2"
    nodes = [own_tls(folder, [], SystemClock()) for folder in folders]

    for tls, folder, other in zip(nodes, folders, reversed(folders), strict=True):
        found = shaken(tls, folder, "localhost", other)
        assert hashlib.sha256(found).hexdigest() == tls.fingerprint


def test_one_that_does_not_name_its_key_is_made_anew(tmp_path, monkeypatch):
    folder = tmp_path / "tls"
    with monkeypatch.context() as before:
        add = x509.CertificateBuilder.add_extension
        before.setattr(
            x509.CertificateBuilder,
            "add_extension",
            lambda made, extension, critical: (
                made
                if isinstance(extension, x509.AuthorityKeyIdentifier)
                else add(made, extension, critical)
            ),
        )
        old = own_tls(folder, [], SystemClock())

    new = own_tls(folder, [], SystemClock())

    assert new.fingerprint != old.fingerprint
    assert own_tls(folder, [], SystemClock()).fingerprint == new.fingerprint


def test_a_certificate_of_the_operator_is_used_as_it_is(tmp_path):
    own = own_tls(tmp_path / "tls", [], SystemClock())

    given = given_tls(tmp_path / "tls" / "certificate.pem", tmp_path / "tls" / "key.pem")

    assert given.fingerprint == own.fingerprint


def test_files_that_are_no_certificate_are_refused(tmp_path):
    (tmp_path / "cert").write_text("nothing")

    with pytest.raises(InvalidInput, match="cannot be used for TLS"):
        given_tls(tmp_path / "cert", tmp_path / "key")


def test_a_home_that_cannot_hold_a_certificate_is_named(tmp_path):
    (tmp_path / "tls").touch()

    with pytest.raises(InvalidInput, match="tls"):
        own_tls(tmp_path / "tls", ["127.0.0.1"], SystemClock())

"""Logins, certificates and quotas of etcd servers that are set up for them."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.backends.etcd import Etcd
from tests.backends.fixtures import served

from brookline.cli.doctor_store import examine_store
from brookline.errors import StoreError, StoreUnfit
from brookline.stores.etcd.address import read_address
from brookline.stores.etcd.gateway import Gateway
from brookline.stores.etcd.store import EtcdStore
from brookline.stores.store import CREATED, EXISTS, Undecided
from brookline.values.clock import SystemClock

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("etcd")]

CLOCK = SystemClock()
ENTRY = "journal/0000000/0000000001"


def coded(text):
    return base64.b64encode(text.encode()).decode()


async def require_logins(server):
    store = await EtcdStore.open(server.url("x"), CLOCK)
    ask = store._gateway.ask
    for name, password in (("root", "rootpw"), ("ops", "s3same-open"), ("none", "pw")):
        await ask("/v3/auth/user/add", {"name": name, "password": password})
    await ask("/v3/auth/role/add", {"name": "planes"})
    grant = {"permType": "READWRITE", "key": coded("plane1/"), "range_end": coded("plane10")}
    await ask("/v3/auth/role/grant", {"name": "planes", "perm": grant})
    await ask("/v3/auth/user/grant", {"user": "ops", "role": "planes"})
    await ask("/v3/auth/role/add", {"name": "root"})
    await ask("/v3/auth/user/grant", {"user": "root", "role": "root"})
    await ask("/v3/auth/enable", {})
    await store.close()


async def test_a_user_logs_in_and_again_when_the_token_is_not_valid_any_more():
    with served(Etcd) as server:
        await require_logins(server)
        store = await EtcdStore.open(server.url("plane1", "ops:s3same-open@"), CLOCK)
        assert await store.create(ENTRY, b"one") == CREATED

        store._gateway._token = "stale.1"
        assert await store.get(ENTRY) == b"one"
        store._gateway._token = "stale.2"
        assert await store.create(ENTRY, b"two") == EXISTS
        await store.put("node/a", b"beat")
        await store.close()

        for login, prefix, words in (
            ("ops:wrong@", "plane1", r"the login is refused.*ETCDCTL_PASSWORD"),
            ("", "plane1", r"the login is refused"),
            ("none:pw@", "plane1", r"user 'none' may not use the prefix 'plane1/'"),
            ("ops:s3same-open@", "plane2", r"may not use the prefix 'plane2/'"),
        ):
            with pytest.raises(StoreUnfit, match=words) as refused:
                await EtcdStore.open(server.url(prefix, login), CLOCK)
            assert "s3same" not in refused.value.message


async def test_a_user_logs_in_once_logins_are_asked_for():
    with served(Etcd) as server:
        store = await EtcdStore.open(server.url("plane1", "ops:s3same-open@"), CLOCK)
        assert await store.create(ENTRY, b"one") == CREATED

        await require_logins(server)

        assert await store.get(ENTRY) == b"one"
        await store.close()


def keys_of_tokens(folder):
    """Make the key pair with which a server signs tokens; return its option."""
    key = rsa.generate_private_key(65537, 2048)
    secret, public = folder / "jwt.key", folder / "jwt.pub"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, form))
    return f"--auth-token=jwt,pub-key={public},priv-key={secret},sign-method=RS256,ttl=10m"


async def test_a_user_logs_in_again_when_users_have_changed_since(tmp_path):
    with served(lambda: Etcd(keys_of_tokens(tmp_path))) as server:
        await require_logins(server)
        store = await EtcdStore.open(server.url("plane1", "ops:s3same-open@"), CLOCK)
        root = Gateway(read_address(server.url("x", "root:rootpw@")))
        await root.ask("/v3/auth/user/add", {"name": "another", "password": "pw"})

        assert await store.create(ENTRY, b"one") == CREATED
        assert await store.get(ENTRY) == b"one"
        await root.close()
        await store.close()


def certificate(folder):
    """Make a certificate for this host that vouches for itself; return its and its key's path."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=36_500))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(folder / "cert.pem"), str(folder / "key.pem")


async def test_a_server_with_tls_is_trusted_by_the_ca_that_is_named(tmp_path, monkeypatch):
    cert, key = certificate(tmp_path)
    options = ("--cert-file", cert, "--key-file", key, "--client-cert-auth", "--trusted-ca-file")
    with served(lambda: Etcd(*options, cert, scheme="https")) as server:
        ours = f"?cacert={cert}&cert={cert}&key={key}"
        store = await EtcdStore.open(f"{server.url('x')}{ours}", CLOCK)
        assert await store.create(ENTRY, b"one") == CREATED
        await store.close()

        with pytest.raises(StoreError, match="certificate is not trusted"):
            await EtcdStore.open(server.url("x"), CLOCK)
        with pytest.raises(StoreUnfit, match=r"used for TLS.*cacert.*or at ETCDCTL_CACERT"):
            await EtcdStore.open(f"{server.url('x')}?cacert={tmp_path}/none.pem", CLOCK)

        monkeypatch.setenv("ETCDCTL_CACERT", cert)
        monkeypatch.setenv("ETCDCTL_CERT", cert)
        monkeypatch.setenv("ETCDCTL_KEY", key)
        again = await EtcdStore.open(server.url("x"), CLOCK)
        assert await again.get(ENTRY) == b"one"
        await again.close()


async def test_a_full_server_is_undecided_and_says_that_it_is_full():
    with served(lambda: Etcd("--quota-backend-bytes=1000000")) as server:
        store = await EtcdStore.open(server.url("x"), CLOCK)
        outcomes = [
            await store.create(f"journal/0000000/{number:010d}", bytes(400_000))
            for number in range(12)
        ]
        with pytest.raises(StoreError, match="alarm disarm make room"):
            await store.put("node/a", b"beat")
        await store.close()
        found = await asyncio.to_thread(examine_store, server.url("x"))
    assert outcomes[0] == CREATED
    assert isinstance(outcomes[-1], Undecided)
    assert "etcd is full (database space exceeded)" in outcomes[-1].reason
    assert "etcdctl compact, defrag and alarm disarm" in outcomes[-1].reason
    [definite] = [each for each in found if each.check == "create gives a definite answer"]
    assert (definite.found, definite.fix) == (outcomes[-1].reason, outcomes[-1].remedy)
    assert not [each for each in found if "latency" in each.check]


async def test_a_server_that_was_full_takes_writes_once_there_is_room_again():
    with served(lambda: Etcd("--quota-backend-bytes=1000000")) as server:
        store = await EtcdStore.open(server.url("x"), CLOCK)
        number = 0
        while await store.create(f"journal/0000000/{number:010d}", bytes(400_000)) == CREATED:
            number += 1
        for each in range(number + 1):
            await store.delete(f"journal/0000000/{each:010d}")

        present = server.tell("/v3/kv/range", {"key": coded("x")})["header"]["revision"]
        server.tell("/v3/kv/compaction", {"revision": present, "physical": True})
        server.tell("/v3/maintenance/defragment", {})
        [alarm] = server.tell("/v3/maintenance/alarm", {"action": "GET"})["alarms"]
        server.tell("/v3/maintenance/alarm", {**alarm, "action": "DEACTIVATE"})

        assert await store.create(ENTRY, b"one") == CREATED
        await store.close()

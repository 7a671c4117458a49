"""TLS: the certificate that was given, or one that the node makes for itself."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import logging
import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple

from brookline.errors import InvalidInput
from brookline.security.files import read_private, write_private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cryptography import x509

    from brookline.values.clock import Clock

log = logging.getLogger("brookline.server")

_VALID_DAYS, _RENEW_DAYS = 825, 30
"""Browsers refuse certificates that are valid for longer. Source: CA/Browser Forum, since 2018."""


class Tls(NamedTuple):
    """What a TLS listener needs."""

    context: ssl.SSLContext
    fingerprint: str
    """SHA-256 of the certificate, in hex, by which other nodes know it."""


def given_tls(certificate: Path, key: Path) -> Tls:
    """Return TLS with a certificate of the operator.

    Raises:
        InvalidInput: If the files cannot be used.
    """
    try:
        pem = certificate.read_text()
        context = _context(certificate, key)
        return Tls(context, _fingerprint(pem))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{certificate} and {key} cannot be used for TLS: {error}") from error


def own_tls(folder: Path, addresses: Iterable[str], clock: Clock) -> Tls:
    """Return TLS with a certificate of the node's own, which is made if there is none.

    It is for localhost, the host's name, loopback and the addresses that are listened on; one that
    is about to end, or does not have these names, is made anew. No two have the same subject:
    OpenSSL looks for who issued a certificate by subject and key id, and a client that trusts
    several would try only the first of a machine.

    Raises:
        InvalidInput: If the home cannot hold it.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = _names(addresses)
    now = dt.datetime.fromtimestamp(clock.wall_ms() / 1000, dt.UTC)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if not _is_good(certificate, key, names=names, now=now):
            _make(certificate, key, names=names, now=now)
    except OSError as error:
        raise InvalidInput(f"the certificate cannot be kept in {folder}: {error}") from error
    return given_tls(certificate, key)


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _fingerprint(pem: str) -> str:
    """Return the SHA-256 of the first certificate of a chain."""
    end = "-----END CERTIFICATE-----"
    first = pem[: pem.index(end) + len(end)]
    der = ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN CERTIFICATE-----") :])
    return hashlib.sha256(der).hexdigest()


def _names(addresses: Iterable[str]) -> list[str]:
    wanted = ["localhost", socket.gethostname(), socket.getfqdn(), "127.0.0.1", "::1", *addresses]
    return [name for name in dict.fromkeys(wanted) if name and name not in ("0.0.0.0", "::")]  # noqa: S104


def _is_good(certificate: Path, key: Path, *, names: list[str], now: dt.datetime) -> bool:
    from cryptography import x509  # noqa: PLC0415 - slow to import, and most nodes need no TLS

    pem = read_private(certificate)
    if pem is None or not key.exists():
        return False
    try:
        found = x509.load_pem_x509_certificate(pem)
        alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)  # not all had one
    except (ValueError, x509.ExtensionNotFound):
        return False
    left = found.not_valid_after_utc - now
    has = [str(name.value) for name in alternatives]
    return left > dt.timedelta(days=_RENEW_DAYS) and set(names) <= set(has)


def _make(certificate: Path, key: Path, *, names: list[str], now: dt.datetime) -> None:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    private = ec.generate_private_key(ec.SECP256R1())
    key_id = x509.SubjectKeyIdentifier.from_public_key(private.public_key())
    common = x509.NameAttribute(NameOID.COMMON_NAME, socket.gethostname()[:64])
    unique = x509.NameAttribute(NameOID.SERIAL_NUMBER, key_id.digest.hex())
    subject = x509.Name([common, unique])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=_VALID_DAYS))
        .add_extension(
            x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(key_id, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False
        )
        .sign(private, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    write_private(key, private.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    write_private(certificate, made.public_bytes(pem))
    log.info("certificate made", extra={"fields": {"path": str(certificate)}})


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509  # noqa: PLC0415

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)

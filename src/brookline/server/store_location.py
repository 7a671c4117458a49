"""AMP's way to name an object store: a location of the properties, and a bucket in it.

Source: Apache Brooklyn's page on persistence: ``persistenceLocation`` names
``brooklyn.location.named.NAME``, whose ``identity``, ``credential`` and ``endpoint`` are those of
jclouds, and ``persistenceDir`` is the container, with or without a path in it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONTAINER = "brooklyn-persisted-state"
"""If persistenceDir says nothing. Source: Brooklyn's default."""

_NAMED = "brooklyn.location.named."
_KEYS = ("identity", "credential", "endpoint", "region")
_MOST = 10
_S3 = frozenset({"aws-s3", "s3"})
_NO_CONDITIONS = ("swift", "cloudfiles", "softlayer-objectstorage", "hpcloud-objectstorage")


class _Found(NamedTuple):
    spec: str
    names: tuple[str, ...]


def is_folder(location: str) -> bool:
    """Tell whether a location is this host's, so that persistenceDir names a folder after all."""
    return location in ("", "localhost")


def keys_of(location: str, properties: Mapping[str, str]) -> frozenset[str]:
    """Return the keys of the properties that say where a location is."""
    names = _find(location, properties).names
    own = {f"{_NAMED}{name}" for name in names}
    return frozenset(
        key for key in properties if key in own or any(key.startswith(f"{each}.") for each in own)
    )


def url_of(location: str, container: str, properties: Mapping[str, str]) -> str:
    """Return the URL of the store in a container of an object store.

    Args:
        location: As in ``jclouds:aws-s3:eu-west-1``, or the name of one.
        container: With or without a path in it.
        properties: Where it is looked up.

    Raises:
        ValueError: If there is no such store, or a plane would not be safe in it; says which.
    """
    if "://" in container or container.startswith(("/", "~", ".")):
        raise ValueError(
            f"with a persistenceLocation, persistenceDir names a bucket, and {container!r} is none"
        )
    found = _find(location, properties)
    provider, _, place = found.spec.removeprefix("jclouds:").partition(":")
    given = {key: _value(key, found, provider, properties) for key in _KEYS}
    if place:
        given["endpoint" if "://" in place else "region"] = place
    if any(value.startswith("$brooklyn:") for value in given.values()):
        raise ValueError(f"{location}: external configuration is not supported yet")
    scheme, query = _translated(location, provider, given)
    asked = urlencode({key: value for key, value in query.items() if value})
    return f"{scheme}://{container or CONTAINER}{asked and '?'}{asked}"


def _translated(
    location: str, provider: str, given: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """Return the scheme and the parameters of a provider's URLs."""
    identity, credential, endpoint = given["identity"], given["credential"], given["endpoint"]
    if provider in _S3:
        return "s3", {
            "region": given["region"], "endpoint": endpoint,
            "access_key_id": identity, "secret_access_key": credential,
        }  # fmt: skip
    if provider == "azureblob":
        return "az", {"account": identity, "account_key": credential, "endpoint": endpoint}
    if provider == "google-cloud-storage":
        return "gs", {"endpoint": endpoint, **_google(identity, credential)}
    if any(word in provider for word in _NO_CONDITIONS):
        raise ValueError(
            f"{location} is an object store of {provider}, which cannot create a key only if it is"
            " absent: two nodes could lead at the same time; use S3, also that of Ceph or MinIO,"
            " GCS, Azure, PostgreSQL or etcd, as the URL in persistenceDir"
        )
    raise ValueError(
        f"{location} is no object store that is known here: there are aws-s3, s3, azureblob and"
        " google-cloud-storage, and URLs in persistenceDir"
    )


def _google(identity: str, credential: str) -> dict[str, str]:
    if not credential:
        return {}
    if credential.endswith(".json"):
        return {"service_account": str(Path(credential).expanduser())}
    key = {"client_email": identity, "private_key": credential, "private_key_id": ""}
    return {"service_account_key": json.dumps(key)}


def _find(location: str, properties: Mapping[str, str]) -> _Found:
    """Follow names to a spec; a location that is no name is one itself."""
    names: list[str] = []
    spec = location.strip()
    while len(names) < _MOST:
        name = spec.removeprefix("named:")
        following = properties.get(f"{_NAMED}{name}")
        if following is None:
            return _Found(spec, tuple(names))
        names.append(name)
        spec = following.strip()
    return _Found(spec, tuple(names))


def _value(key: str, found: _Found, provider: str, properties: Mapping[str, str]) -> str:
    """Return what is said of a key, by the nearest that says it."""
    return next(
        (
            properties[each].strip()
            for each in _places(key, found, provider)
            if properties.get(each)
        ),
        "",
    )


def _places(key: str, found: _Found, provider: str) -> Iterator[str]:
    yield from (f"{_NAMED}{name}.{key}" for name in found.names)
    yield f"brooklyn.location.jclouds.{provider}.{key}"
    yield f"brooklyn.location.jclouds.{key}"

"""Making the client of one bucket: credentials by each provider's usual ways, and no retries."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from obstore.store import AzureStore, GCSStore, S3Store

from brookline.errors import StoreUnfit
from brookline.stores.objects import answers, profiles
from brookline.stores.objects.configured import check_words, find_authority, find_endpoint
from brookline.stores.objects.panics import without_panic
from brookline.stores.objects.providers import AZURE, S3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.stores.objects.address import Address

    Client = S3Store | GCSStore | AzureStore

_RETRIES: Any = {"max_retries": 0}
"""A retry of a create that succeeded would fail against itself; and callers know when to ask again."""

_CONNECT = "3s"


def make_client(
    address: Address, *, patience_s: float, settings: Mapping[str, str] = MappingProxyType({})
) -> Client:
    """Return a client of a bucket; nothing is sent yet.

    Args:
        address: Of the bucket.
        patience_s: How long a call may take, with all that is received.
        settings: In the client's words; they come before what is configured.

    Raises:
        StoreUnfit: If it cannot be made from what is configured.
    """
    try:
        config = {**_config(address), **settings}
        endpoint = str(config.get(address.provider.parameters["endpoint"], ""))
        options = _options(address, endpoint) | {"timeout": f"{patience_s * 1000:.0f}ms"}
        return without_panic(partial(_made, address, config, options))
    except answers.FAILURES as problem:
        said = answers.read(problem).words
        raise StoreUnfit(f"{address.place} cannot be opened: {said}") from problem


def _config(address: Address) -> dict[str, str]:
    """Return what is said in the URL and in a profile, in the client's words, and the endpoint.

    Raises:
        StoreUnfit: If no request can be made of it.
        ValueError: If a profile cannot be read.
    """
    parameters = address.provider.parameters
    given = {
        name: address.given[ours]
        for ours, name in parameters.items()
        if name and ours in address.given
    }
    profile: dict[str, str] = {}
    if address.provider is S3:
        profile = profiles.settings(address.given.get("profile", ""), os.environ)
    check_words(address, profile, os.environ)
    endpoint = find_endpoint(address, profile, os.environ)
    named = {parameters["endpoint"]: endpoint.value} if endpoint else {}
    return {parameters[ours]: value for ours, value in profile.items()} | given | named


def authority_of(address: Address) -> str:
    """Return the path of the file with CAs for a bucket's server; empty for those of the system."""
    found = find_authority(address, os.environ)
    return found.value if found else ""


def _made(address: Address, config: Any, options: Any) -> Client:
    prefix = address.prefix or None
    if address.provider is S3:
        return S3Store(
            address.bucket, prefix=prefix, config=config or None, client_options=options,
            retry_config=_RETRIES,
        )  # fmt: skip
    if address.provider is AZURE:
        return AzureStore(
            address.bucket, prefix=prefix, config=config or None, client_options=options,
            retry_config=_RETRIES,
        )  # fmt: skip
    return GCSStore(
        address.bucket, prefix=prefix, config=config or None, client_options=options,
        retry_config=_RETRIES,
    )  # fmt: skip


def _options(address: Address, endpoint: str) -> dict[str, Any]:
    options: dict[str, Any] = {"connect_timeout": _CONNECT}
    if endpoint.lower().startswith("http://"):
        options["allow_http"] = True
    if authority := find_authority(address, os.environ):
        try:
            options["root_certificate"] = Path(authority.value).read_bytes()
        except OSError as problem:
            raise StoreUnfit(
                f"{address.place}: the file of CAs {authority.value!r}, from {authority.source},"
                f" cannot be read: {problem.strerror or problem}"
            ) from problem
    return options

"""Where a plane's objects are: what an ``s3:``, ``gs:`` or ``az:`` URL says."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from typing import TYPE_CHECKING

from brookline.errors import StoreUnfit
from brookline.stores.names import is_segment
from brookline.stores.objects.providers import PROVIDERS, Provider
from brookline.stores.urls import parameters, refuse_unknown, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]*", re.ASCII)
"""What names of buckets of all providers are made of, those of old as well."""


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """What a URL says, once it is read.

    Attributes:
        provider: Whose store it is.
        bucket: Name of the bucket; Azure says container.
        prefix: Of all keys, without slashes around it; empty if the bucket is all the plane's.
        given: Parameters of the URL.
        place: For people.
    """

    provider: Provider
    bucket: str
    prefix: str
    given: Mapping[str, str] = dataclasses.field(repr=False)
    place: str


def read_address(url: str) -> Address:
    """Read a URL: ``s3://bucket/prefix?region=eu-west-1``.

    Raises:
        StoreUnfit: If it is not such a URL.
    """
    scheme, _, rest = url.partition("://")
    provider = PROVIDERS.get(scheme.lower())
    if provider is None or not rest:
        raise StoreUnfit(f"{shown(url)} is not a store: write s3://bucket/prefix, gs: or az:")
    place, _, query = rest.partition("?")
    bucket, _, prefix = place.partition("/")
    prefix = urllib.parse.unquote(prefix).strip("/")
    if not bucket or "@" in bucket or ":" in bucket:
        raise StoreUnfit(
            f"{shown(url)} names no bucket: write {scheme}://bucket/prefix, and another endpoint as"
            " ?endpoint=https://…"
        )
    if _BUCKET.fullmatch(bucket) is None:
        raise StoreUnfit(f"{shown(url)}: no bucket has the name {bucket!r}: look at its spelling")
    if prefix and not all(map(is_segment, prefix.split("/"))):
        raise StoreUnfit(
            f"{shown(url)}: the prefix may have letters, digits, '.', '_' and '-' only"
        )
    given = parameters(query)
    refuse_unknown(url, given, provider.parameters)
    return Address(provider, bucket, prefix, given, shown(url))

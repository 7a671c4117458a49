"""Reading the rules of a bucket: calls that the client does not have, signed by it all the same."""

from __future__ import annotations

import dataclasses
import datetime as dt
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Literal

import obstore

from brookline.stores.keeping import Keeping
from brookline.stores.objects import answers
from brookline.stores.objects.client import authority_of, make_client
from brookline.stores.objects.lifecycle import (
    UNREADABLE,
    hoard,
    loss,
    read_rules,
    read_versioning,
)
from brookline.stores.objects.providers import S3
from brookline.stores.times import ANSWER_S

if TYPE_CHECKING:
    from brookline.stores.objects.address import Address

_LIFE = dt.timedelta(minutes=1)
_LARGEST_BYTES = 4 << 20
_NO_RULES = "NoSuchLifecycleConfiguration"
_NO_RULES_GIVEN = b"<LifecycleConfiguration/>"


class Unread(Exception):
    """A setting of the bucket could not be read; the words say why."""


def read_keeping(address: Address) -> Keeping:
    """Tell what a bucket does by itself with what lies beneath a prefix; blocks."""
    if address.provider is not S3:
        return Keeping(unread=f"the rules of buckets of {address.provider.name} are not looked at")
    try:
        rules = read_rules(_document(address, "lifecycle", missing=_NO_RULES))
        keeps_versions = read_versioning(_document(address, "versioning"))
    except Unread as problem:
        return Keeping(unread=str(problem))
    except UNREADABLE:
        return Keeping(unread="the answer is none that S3 would give")
    except answers.FAILURES as problem:
        return Keeping(unread=answers.read(problem).words)
    return Keeping(
        loses=loss(rules, address.prefix),
        hoards=hoard(rules, address.prefix) if keeps_versions else "",
    )


def _document(address: Address, what: str, *, missing: str = "") -> bytes:
    """Return what a bucket says of one of its settings.

    Args:
        address: Of the bucket.
        what: Name of the setting in S3's API.
        missing: The code with which S3 says that there is none.

    Raises:
        Unread: If it is refused.
        OSError: If there is no answer.
    """
    authority = authority_of(address)
    context = ssl.create_default_context(cafile=authority) if authority else None
    url = signed_url(address, what)
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_S, context=context) as answer:  # noqa: S310
            found: bytes = answer.read(_LARGEST_BYTES)
            return found
    except urllib.error.HTTPError as problem:
        code = answers.code_in(problem.read(_LARGEST_BYTES).decode(errors="replace"))
        if missing and code == missing:
            return _NO_RULES_GIVEN
        raise Unread(f"{problem.status} {code}".strip()) from problem


def signed_url(address: Address, what: str, *, method: Literal["GET", "PUT"] = "GET") -> str:
    """Return a URL that reads or writes a setting of a bucket, signed for a minute.

    The client signs URLs of objects only, but with credentials of every kind. So it is told of an
    endpoint that ends in the question; the object's name is then the value of ``x-id``, which
    servers take no notice of.
    """
    bucket = dataclasses.replace(address, prefix="")
    client = make_client(bucket, patience_s=ANSWER_S)
    base = obstore.sign(client, "GET", "x", _LIFE).partition("?")[0].removesuffix("/x")
    endpoint = f"{base}?{what}=&x-id="
    asking = {S3.parameters["endpoint"]: endpoint, "virtual_hosted_style_request": "true"}
    client = make_client(bucket, patience_s=ANSWER_S, settings=asking)
    return obstore.sign(client, method, "x", _LIFE)

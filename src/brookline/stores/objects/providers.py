"""What differs between providers of object stores: names of parameters, and what answers mean."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider, or all that speak its protocol.

    Attributes:
        name: For people.
        parameters: Of URLs, each with the client's name for it; empty if it is ours alone.
        exists: Status and code of a refused create of a key that is there; an empty code is any.
            Whatever is not among them leaves open what happened.
        absent: Codes with which a key is said not to be there.
        no_bucket: Codes with which the bucket is said not to be there.
        endpoints: Variables of the environment that name another endpoint, the first one first.
        authorities: Variables that name a file of CAs, likewise.
        words: Settings without spaces in them, each with its variables, likewise.
        advice: What to look at when credentials are refused.
    """

    name: str
    parameters: Mapping[str, str]
    exists: frozenset[tuple[int, str]]
    absent: frozenset[str]
    no_bucket: frozenset[str]
    endpoints: tuple[str, ...]
    authorities: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    advice: str


S3 = Provider(
    name="S3",
    parameters=MappingProxyType(
        {
            "region": "region",
            # The client's "endpoint" would come behind the variable AWS_ENDPOINT_URL_S3.
            "endpoint": "aws_endpoint_url_s3",
            "access_key_id": "access_key_id",
            "secret_access_key": "secret_access_key",
            "session_token": "session_token",
            "profile": "",
            "virtual_hosted_style": "virtual_hosted_style_request",
            "cacert": "",
        }
    ),
    # 409 ConditionalRequestConflict means that another request was under way: nothing is decided.
    exists=frozenset({(412, ""), (304, "")}),
    absent=frozenset({"NoSuchKey", "NoSuchVersion"}),
    no_bucket=frozenset({"NoSuchBucket"}),
    endpoints=("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    authorities=("AWS_CA_BUNDLE",),
    words=MappingProxyType(
        {
            "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
            "access_key_id": ("AWS_ACCESS_KEY_ID",),
            "secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
            "session_token": ("AWS_SESSION_TOKEN",),
        }
    ),
    advice=(
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, the profile in ~/.aws, or the role of this"
        " machine, and what its policy allows: s3:GetObject, PutObject, DeleteObject, ListBucket"
    ),
)

GCS = Provider(
    name="GCS",
    parameters=MappingProxyType(
        {
            "service_account": "service_account",
            "service_account_key": "service_account_key",
            "endpoint": "base_url",
            "cacert": "",
        }
    ),
    exists=frozenset({(412, "")}),
    absent=frozenset({"NoSuchKey"}),
    no_bucket=frozenset({"NoSuchBucket"}),
    endpoints=("GOOGLE_BASE_URL",),
    advice=(
        "GOOGLE_APPLICATION_CREDENTIALS, or the service account of this machine, and its role:"
        " Storage Object Admin on the bucket"
    ),
)

AZURE = Provider(
    name="Azure Blob Storage",
    parameters=MappingProxyType(
        {
            "account": "account_name",
            "account_key": "account_key",
            "sas_token": "sas_key",
            "endpoint": "endpoint",
            "cacert": "",
        }
    ),
    # The other way round than with AWS: 409 BlobAlreadyExists is a definite no.
    exists=frozenset({(409, "BlobAlreadyExists"), (412, "")}),
    absent=frozenset({"BlobNotFound"}),
    no_bucket=frozenset({"ContainerNotFound"}),
    endpoints=("AZURE_ENDPOINT", "AZURE_STORAGE_ENDPOINT"),
    advice=(
        "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or the identity of this machine"
        " and its role: Storage Blob Data Contributor"
    ),
)

PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {"s3": S3, "s3a": S3, "gs": GCS, "gcs": GCS, "az": AZURE, "azure": AZURE}
)
"""By scheme of their URLs."""

"""Sessions of SeaweedFS: credentials for an hour, with a token, as AWS's STS lends them."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import urllib.parse
import urllib.request

ROLE = "arn:aws:iam::000000000000:role/planes"
CONFIG = {
    "sts": {
        "tokenDuration": "1h", "maxSessionLength": "12h", "issuer": "test",
        "signingKey": "dGVzdC1zaWduaW5nLWtleS0zMi1jaGFyYWN0ZXJzLWxvbmc=",
    },
    "policy": {"defaultEffect": "Deny", "storeType": "memory"},
    "policies": [{
        "name": "all",
        "document": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}],
        },
    }],
    "roles": [{
        "roleName": "planes", "roleArn": ROLE, "attachedPolicies": ["all"],
        "trustPolicy": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole"]}
            ],
        },
    }],
}  # fmt: skip
"""For `-s3.iam.config`: one role that may do all, and that all may take."""


def lend(endpoint: str, key: str, secret: str) -> tuple[str, str, str]:
    """Return the key, the secret and the token of a session in the role."""
    given = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": ROLE}
    body = urllib.parse.urlencode(given | {"RoleSessionName": "planes"}).encode()
    headers = _signed(endpoint.removeprefix("http://"), body, key, secret)
    request = urllib.request.Request(f"{endpoint}/", data=body, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        said = answer.read().decode()
    key, secret, token = (
        re.findall(f"<{name}>([^<]+)<", said)[0]
        for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")
    )
    return key, secret, token


def _signed(host: str, body: bytes, key: str, secret: str) -> dict[str, str]:
    """Return headers with a signature of AWS's fourth version."""
    now = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}"
    scope = f"{now[:8]}/us-east-1/sts/aws4_request"
    headers = {
        "content-type": "application/x-www-form-urlencoded", "host": host, "x-amz-date": now,
    }  # fmt: skip
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    names = ";".join(headers)
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    words = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signer = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        signer = hmac.digest(signer, part.encode(), "sha256")
    signature = hmac.digest(signer, words.encode(), "sha256").hex()
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers

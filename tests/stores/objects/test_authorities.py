"""Whose CAs a client trusts: what is said for one provider counts for that one only."""

from __future__ import annotations

import pytest

from brookline.errors import StoreUnfit
from brookline.stores.objects.address import read_address
from brookline.stores.objects.client import make_client

AZURE = "az://c/p?account=me&account_key=c2VjcmV0&cacert="


def test_the_variable_of_aws_counts_for_s3_only(monkeypatch):
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(StoreUnfit, match=r"'/nowhere/ca\.pem', from the variable AWS_CA_BUNDLE,"):
        make_client(read_address("s3://b/p"), patience_s=1.0)
    assert make_client(read_address(AZURE), patience_s=1.0)
    with pytest.raises(StoreUnfit, match="from 'cacert' in the URL, cannot be read: No such file"):
        make_client(read_address(f"{AZURE}/nowhere/ca.pem"), patience_s=1.0)

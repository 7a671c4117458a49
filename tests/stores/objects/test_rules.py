"""Reading a bucket's rules: from a scripted server, and from a real one."""

from __future__ import annotations

import urllib.parse

import pytest
from tests.backends.fixtures import seaweedfs

from brookline.errors import StoreUnfit
from brookline.stores.keeping import Keeping
from brookline.stores.objects.address import read_address
from brookline.stores.objects.rules import read_keeping
from brookline.stores.probe import QUICK, probe, require_fit
from brookline.stores.registry import open_store
from brookline.stores.report import Property, Verdict
from brookline.values.clock import SystemClock

__all__ = ["seaweedfs"]

EXPIRY = (
    '<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>tidy</ID>'
    "<Status>Enabled</Status><Filter><Prefix>{}</Prefix></Filter>"
    "<Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>"
)


def test_the_bucket_is_asked_with_a_signature_and_the_secret_stays_here(scripted):
    scripted.say(403, "AccessDenied")

    assert read_keeping(read_address(scripted.url("s3"))).unread == "403 AccessDenied"

    [asked] = scripted.seen
    url = urllib.parse.urlsplit(asked.path)
    query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
    assert (asked.method, url.path) == ("GET", "/bucket")
    assert query["lifecycle"] == [""]
    assert query["X-Amz-Signature"]
    assert "s3same" not in asked.path


@pytest.mark.parametrize(
    ("status", "code", "unread"),
    [
        (404, "NoSuchLifecycleConfiguration", "404 NoSuchLifecycleConfiguration"),  # for versions
        (404, "NoSuchBucket", "404 NoSuchBucket"),
        (501, "NotImplemented", "501 NotImplemented"),
        (200, "", "the answer is none that S3 would give"),
    ],
)
def test_what_cannot_be_read_is_said_in_the_servers_words(scripted, status, code, unread):
    scripted.say(status, code)
    assert read_keeping(read_address(scripted.url("s3"))) == Keeping(unread=unread)


def test_a_server_that_is_away_leaves_it_open(scripted):
    address = read_address(scripted.url("s3"))
    scripted.close()
    assert "refused" in read_keeping(address).unread


@pytest.mark.parametrize(("scheme", "name"), [("gs", "GCS"), ("az", "Azure")])
def test_of_other_providers_it_is_said_that_nobody_looked(scripted, scheme, name):
    assert name in read_keeping(read_address(scripted.url(scheme))).unread
    assert scripted.seen == []


@pytest.fixture
async def probed(seaweedfs):
    """Probe a prefix of a bucket."""
    opened = []

    async def run(bucket, prefix):
        url = seaweedfs.url(prefix, bucket=bucket)
        opened.extend([await open_store(url, SystemClock()) for _ in range(2)])
        return await probe(*opened[-2:], clock=SystemClock(), size=QUICK)

    yield run
    for store in opened:
        await store.close()


def of(report, wanted):
    return next((each for each in report.findings if each.subject is wanted), None)


@pytest.mark.slow
@pytest.mark.xdist_group("seaweedfs")
async def test_a_rule_of_expiry_is_refused_where_it_meets_the_plane_and_nowhere_else(
    seaweedfs, probed
):
    seaweedfs.make_bucket("ruled")
    fresh = await probed("ruled", "plane1")
    assert of(fresh, Property.LASTS).verdict is Verdict.HOLDS
    assert of(fresh, Property.FORGETS) is None
    seaweedfs.set_rules("ruled", EXPIRY.format("plane1/"))

    met, spared = await probed("ruled", "plane1"), await probed("ruled", "plane2")

    assert "'tidy' deletes objects beneath this prefix 3 days" in of(met, Property.LASTS).observed
    with pytest.raises(StoreUnfit, match="what was created stays"):
        require_fit(met)
    assert of(spared, Property.LASTS).verdict is Verdict.HOLDS
    require_fit(spared)


@pytest.mark.slow
@pytest.mark.xdist_group("seaweedfs")
async def test_a_bucket_that_keeps_versions_for_ever_is_warned_of(seaweedfs, probed):
    seaweedfs.keep_versions("hoarding")
    report = await probed("hoarding", "plane1")
    found = of(report, Property.FORGETS)
    assert (found.verdict, report.fit) == (Verdict.DOUBTFUL, True)
    assert "noncurrent versions" in found.advice

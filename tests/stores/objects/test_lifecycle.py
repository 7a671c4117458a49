"""Which rules of a bucket take away what a plane has written."""

from __future__ import annotations

import pytest

from brookline.stores.objects.lifecycle import (
    UNREADABLE,
    hoard,
    loss,
    read_rules,
    read_versioning,
)

EXPIRES = "<Expiration><Days>30</Days></Expiration>"
NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def document(*rules, namespace=NAMESPACE):
    within = "".join(
        f"<Rule><ID>tidy</ID><Status>Enabled</Status>{rule}</Rule>"
        if "Status" not in rule
        else rule
        for rule in rules
    )
    return f"<LifecycleConfiguration{namespace}>{within}</LifecycleConfiguration>".encode()


def lost(rule, prefix="plane1"):
    return loss(read_rules(document(rule)), prefix)


@pytest.mark.parametrize("namespace", ["", NAMESPACE])
def test_a_rule_is_told_with_its_name_and_when_it_acts(namespace):
    rules = read_rules(document(f"<Filter/>{EXPIRES}", namespace=namespace))
    assert loss(rules, "plane1") == (
        "the rule 'tidy' deletes objects beneath this prefix 30 days after they were written"
    )


@pytest.mark.parametrize(
    ("action", "when"),
    [
        ("<Expiration><Days>1</Days></Expiration>", "deletes * 1 day after"),
        ("<Expiration><Date>2027-01-01T00:00:00Z</Date></Expiration>", "deletes * on 2027-01-01"),
        (
            (
                "<Transition><Days>7</Days><StorageClass>STANDARD_IA</StorageClass></Transition>"
                "<Transition><Days>90</Days><StorageClass>DEEP_ARCHIVE</StorageClass></Transition>"
            ),
            "archives * 90 days after",
        ),
        ("<Transition><Days>9</Days><StorageClass>GLACIER_IR</StorageClass></Transition>", ""),
        (
            "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
            "",
        ),
        (
            (
                "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays>"
                "</NoncurrentVersionExpiration>"
            ),
            "",
        ),
        (
            (
                "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>"
                "</AbortIncompleteMultipartUpload>"
            ),
            "",
        ),
    ],
)
def test_what_deletes_or_archives_objects_counts_and_nothing_else(action, when):
    found = lost(f"<Filter><Prefix></Prefix></Filter>{action}")
    assert all(part in found for part in when.split(" * "))
    assert bool(found) is bool(when)


@pytest.mark.parametrize(
    ("theirs", "ours", "meets"),
    [
        ("", "plane1", True),
        ("", "", True),
        ("plane", "plane1", True),
        ("plane1/", "plane1", True),
        ("plane1/journal/", "plane1", True),
        ("journal/", "", True),
        ("plane1/probe/", "plane1", False),
        ("plane10/", "plane1", False),
        ("plane1x", "plane1", False),
        ("logs/", "plane1", False),
        ("teams/", "teams/plane1", True),
        ("teams/plane2/", "teams/plane1", False),
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        "<Prefix>{}</Prefix>",
        "<Filter><Prefix>{}</Prefix></Filter>",
        "<Filter><And><Prefix>{}</Prefix><ObjectSizeGreaterThan>9</ObjectSizeGreaterThan></And></Filter>",
    ],
)
def test_it_counts_if_it_meets_keys_of_the_plane(place, theirs, ours, meets):
    assert bool(lost(place.format(theirs) + EXPIRES, ours)) is meets


def test_a_rule_that_is_off_or_for_tagged_objects_does_not_count():
    off = f"<Rule><Status>Disabled</Status><Filter/>{EXPIRES}</Rule>"
    tag = "<Tag><Key>keep</Key><Value>no</Value></Tag>"
    assert lost(off) == ""
    assert lost(f"<Filter>{tag}</Filter>{EXPIRES}") == ""
    assert lost(f"<Filter><And><Prefix></Prefix>{tag}</And></Filter>{EXPIRES}") == ""
    assert lost("") == ""


@pytest.mark.parametrize(
    ("prefix", "removed"),
    [("", True), ("plane1/", True), ("plane1/journal/", False), ("a/", False)],
)
def test_versions_stay_for_ever_unless_a_rule_for_all_of_them_removes_them(prefix, removed):
    action = "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>"
    rules = read_rules(document(f"<Filter><Prefix>{prefix}</Prefix></Filter>{action}"))
    assert bool(hoard(rules, "plane1")) is not removed
    assert "no rule removes" in hoard([], "plane1")


@pytest.mark.parametrize(
    ("status", "keeps"),
    [("<Status>Enabled</Status>", True), ("<Status>Suspended</Status>", False), ("", False)],
)
def test_a_bucket_keeps_versions_if_that_is_enabled(status, keeps):
    said = f"<VersioningConfiguration{NAMESPACE}>{status}</VersioningConfiguration>"
    assert read_versioning(said.encode()) is keeps


def test_what_is_no_xml_is_refused():
    with pytest.raises(UNREADABLE):
        read_rules(b"not found")

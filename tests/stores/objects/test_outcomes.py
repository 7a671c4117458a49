"""What each provider's answers mean: a wrong guess here loses writes, or invents them."""

from __future__ import annotations

import pytest

from brookline.errors import StoreAbsent, StoreError, StoreUnfit
from brookline.stores.objects.store import ObjectStore
from brookline.stores.store import CREATED, EXISTS, Undecided

ENTRY = "journal/0000000/0000000001"


@pytest.fixture(autouse=True)
def google(tmp_path, monkeypatch):
    """Credentials with which nobody asks Google for a token."""
    key = tmp_path / "google.json"
    key.write_text(
        '{"gcs_base_url": "", "disable_oauth": true, "client_email": "", "private_key": "", "private_key_id": ""}'
    )
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(key))


@pytest.fixture
async def opened(scripted):
    stores = []

    async def open_one(scheme):
        stores.append(await ObjectStore.open(scripted.url(scheme)))
        return stores[-1]

    yield open_one
    for store in stores:
        await store.close()


UNDECIDED = [
    (500, "InternalError"),
    (502, ""),
    (503, "SlowDown"),
    (503, ""),
    (504, ""),
    (429, "TooManyRequests"),
    (400, "RequestTimeout"),
    (403, "ExpiredToken"),
    (404, "NoSuchBucket"),
]


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
@pytest.mark.parametrize(("status", "code"), UNDECIDED)
async def test_what_says_nothing_of_the_key_is_undecided_and_not_tried_again(
    scripted, opened, scheme, status, code
):
    store = await opened(scheme)
    scripted.say(status, code)

    outcome = await store.create(ENTRY, b"mine")

    assert isinstance(outcome, Undecided)
    assert str(status) in outcome.reason
    assert code in outcome.reason
    assert len(scripted.seen) == 1


@pytest.mark.parametrize(
    ("scheme", "status", "code", "exists"),
    [
        ("s3", 412, "PreconditionFailed", True),
        ("s3", 409, "ConditionalRequestConflict", False),
        ("s3", 409, "OperationAborted", False),
        ("gs", 412, "PreconditionFailed", True),
        ("gs", 409, "Conflict", False),
        ("az", 409, "BlobAlreadyExists", True),
        ("az", 412, "ConditionNotMet", True),
        ("az", 409, "ContainerBeingDeleted", False),
        ("az", 409, "", False),
    ],
)
async def test_only_a_providers_own_words_say_that_a_key_exists(
    scripted, opened, scheme, status, code, exists
):
    store = await opened(scheme)
    scripted.say(status, code)

    outcome = await store.create(ENTRY, b"mine")

    assert (outcome == EXISTS) is exists
    assert exists or isinstance(outcome, Undecided)


@pytest.mark.parametrize(
    ("scheme", "header", "value"),
    [
        ("s3", "if-none-match", "*"),
        ("az", "if-none-match", "*"),
        ("gs", "x-goog-if-generation-match", "0"),
    ],
)
async def test_a_create_says_that_the_key_must_be_absent_and_a_put_does_not(
    scripted, opened, scheme, header, value
):
    store = await opened(scheme)
    scripted.say(201 if scheme == "az" else 200)

    assert await store.create(ENTRY, b"mine") == CREATED
    await store.put("node/a", b"beat")

    created, written = scripted.seen
    assert (created.method, created.body) == ("PUT", b"mine")
    assert created.headers[header] == value
    assert header not in written.headers


@pytest.mark.parametrize(
    ("scheme", "code"), [("s3", "NoSuchKey"), ("gs", "NoSuchKey"), ("az", "BlobNotFound")]
)
async def test_a_key_is_absent_only_if_the_provider_says_so(scripted, opened, scheme, code):
    store = await opened(scheme)
    scripted.say(404, code)
    assert await store.get(ENTRY) is None

    for other in ("", "NoSuchBucket", "ContainerNotFound", "NotFound"):
        scripted.say(404, other)
        with pytest.raises(StoreError):
            await store.get(ENTRY)


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (403, "SignatureDoesNotMatch", StoreUnfit, "credentials are refused.*AWS_ACCESS_KEY_ID"),
        (401, "", StoreUnfit, "credentials are refused"),
        (403, "RequestTimeTooSkewed", StoreError, "clock of this machine is wrong, set it"),
        (400, "ExpiredToken", StoreUnfit, "credentials are refused.*start this again with them"),
        (400, "InvalidToken", StoreUnfit, "credentials are refused.*AWS_SESSION_TOKEN"),
        (404, "NoSuchBucket", StoreAbsent, "no bucket 'bucket': make it"),
        (500, "InternalError", StoreError, "cannot be used: 500 InternalError"),
    ],
)
async def test_a_store_that_cannot_be_opened_says_why(scripted, status, code, kind, words):
    scripted.lists = False
    scripted.say(status, code)

    with pytest.raises(StoreError, match=words) as refused:
        await ObjectStore.open(scripted.url("s3"))

    assert type(refused.value) is kind
    assert "s3same" not in refused.value.message


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "RequestTimeTooSkewed", "clock of this machine is wrong, set it"),
        (400, "ExpiredToken", "get new credentials, and start this again with them"),
        (503, "SlowDown", "503 SlowDown"),
    ],
)
async def test_what_is_refused_later_says_what_to_do(scripted, opened, status, code, words):
    store = await opened("s3")
    scripted.say(status, code)
    outcome = await store.create(ENTRY, b"one")
    assert isinstance(outcome, Undecided)
    assert words in outcome.reason
    with pytest.raises(StoreError, match=words):
        await store.put("node/a", b"beat")


async def test_what_is_escaped_in_an_answer_is_read(scripted, opened):
    store = await opened("s3")
    scripted.say(403, "RequestTimeTooSkewed", "the server&#39;s time &lt; ours")
    outcome = await store.create(ENTRY, b"one")
    assert "(the server's time < ours)" in outcome.reason


async def test_a_server_that_is_not_there_is_waited_for(scripted):
    url = scripted.url("s3").replace(scripted.endpoint.rpartition(":")[2], "9")
    with pytest.raises(StoreError, match="cannot be reached: connection refused") as refused:
        await ObjectStore.open(url)
    assert not isinstance(refused.value, StoreUnfit)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://", "write s3://bucket/prefix"),
        ("s3://bucket/a//b", "prefix may have"),
        ("s3://bucket/../x", "prefix may have"),
        ("s3://key:s3same@bucket/x", "names no bucket"),
        ("s3://bucket/x?regio=eu", "no parameter 'regio', but region"),
        ("s3://bucket/x?profile=nobody-of-that-name", "profile 'nobody-of-that-name'"),
        ("az://container/x", "Account must be specified"),
    ],
)
async def test_a_url_that_cannot_be_meant_is_refused(url, words):
    with pytest.raises(StoreUnfit, match=words) as refused:
        await ObjectStore.open(url)
    assert "s3same" not in refused.value.message

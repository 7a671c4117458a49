"""What a provider answered, made out of the client's errors."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, NamedTuple

from obstore.exceptions import BaseError

from brookline.errors import StoreAbsent, StoreError, StoreUnfit
from brookline.stores.objects.panics import Panicked
from brookline.stores.store import EXISTS, Exists, Undecided

if TYPE_CHECKING:
    from brookline.stores.objects.address import Address
    from brookline.stores.objects.providers import Provider

FAILURES = (BaseError, OSError, ValueError)
"""All that the client raises; that a key is absent is an OSError, as is our own time-out."""

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z0-9]+)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]*?)\s*(?:RequestId:[^<]*)?</Message>")
_ADDRESS = re.compile(r"https?://\S+")
_LONGEST = 200
_METADATA = (
    "//169.254.169.254/", "//metadata.google.internal/", "/latest/api/token",
    "/latest/meta-data/iam/security-credentials", "/metadata/identity/oauth2/token",
    "/computeMetadata/v1/",
)  # fmt: skip
"""In addresses of services that tell machines of a cloud their credentials, asked last of all."""


class Answer(NamedTuple):
    """What is known of an answer.

    Attributes:
        status: Of HTTP, or 0 if there was none.
        code: The provider's word, or empty.
        words: For people, without addresses: those may hold signatures.
    """

    status: int
    code: str
    words: str


def read(problem: BaseException) -> Answer:
    """Return what an error of the client tells."""
    text = str(problem)
    head, _, source = text.partition("\n\nDebug source:")
    if (status := _STATUS.search(head)) is None:
        return Answer(0, "", _without_status(problem, head, source))
    named, message = code_in(head), _MESSAGE.search(head)
    told = _short(html.unescape(message[1])) if message else ""
    words = [status[1], named, f"({told})" if told else ""]
    hint = f": {_HINTS[named]}" if named in _HINTS else ""
    return Answer(int(status[1]), named, " ".join(filter(None, words)) + hint)


def code_in(text: str) -> str:
    """Return the provider's word in the body of an answer, or nothing."""
    code = _CODE.search(text)
    return code[1] if code else ""


def outcome(provider: Provider, problem: BaseException) -> Exists | Undecided:
    """Return what became of a create that raised."""
    answer = read(problem)
    if {(answer.status, answer.code), (answer.status, "")} & provider.exists:
        return EXISTS
    return Undecided(answer.words)


def is_absent(provider: Provider, problem: BaseException) -> bool:
    """Tell whether the provider itself says that a key is not there.

    Another 404, as of a proxy or for a bucket that is gone, does not say so.
    """
    answer = read(problem)
    return answer.status == 404 and answer.code in provider.absent


def need_not_delete(provider: Provider, problem: BaseException) -> bool:
    """Tell whether a key that was to be deleted is not there, in whatever words that is said."""
    return isinstance(problem, FileNotFoundError) and read(problem).code not in provider.no_bucket


def refused(address: Address, problem: BaseException) -> StoreError:
    """Return the error for a store that cannot be opened."""
    answer, provider, place = read(problem), address.provider, address.place
    if isinstance(problem, Panicked):
        return StoreUnfit(
            f"{place} cannot be opened: {answer.words}; look at what is not as usual in the URL and"
            " in the variables of the provider"
        )
    if answer.code in provider.no_bucket:
        return StoreAbsent(f"{place}: there is no bucket '{address.bucket}': make it")
    if answer.code == "RequestTimeTooSkewed":
        return StoreError(f"{place}: {answer.words}")
    if any(word in str(problem).partition("\n")[0] for word in _METADATA):
        return _without_credentials(address, answer)
    if answer.status in (401, 403) or answer.code in _EXPIRED:
        return StoreUnfit(
            f"{place}: the credentials are refused, {answer.words}; look at {provider.advice}"
        )
    if answer.status:
        return StoreError(f"{place} cannot be used: {answer.words}")
    return StoreError(f"{place} cannot be reached: {answer.words}")


def _without_credentials(address: Address, answer: Answer) -> StoreError:
    """Return the error for a machine that was told no credentials; one that boots may be, later."""
    found = f"{address.place}: no credentials were found; look at {address.provider.advice}"
    if answer.status and answer.status not in _LATER and answer.status < 500:
        return StoreUnfit(f"{found} (this machine's metadata service has none: {answer.words})")
    return StoreError(f"{found} (this machine has no metadata service, or not yet: {answer.words})")


def _without_status(problem: BaseException, head: str, source: str) -> str:
    if isinstance(problem, TimeoutError) or "kind: Timeout" in source:
        return "no answer in time"
    for sign, words in _SIGNS:
        if sign in source:
            return words
    return _short(_ADDRESS.sub("…", head)) or type(problem).__name__


_LATER = frozenset({408, 410, 425, 429})
"""With which a metadata service says that it will know in a moment; 410 while it is replaced."""

_EXPIRED = frozenset({"ExpiredToken", "InvalidToken"})
"""With which S3 refuses the token of a session, as 400; who has been given it cannot renew it."""

_HINTS = {
    "RequestTimeTooSkewed": "the clock of this machine is wrong, set it",
    **dict.fromkeys(_EXPIRED, "get new credentials, and start this again with them"),
}
"""What to do, by the provider's word."""

_SIGNS = (
    ("Connection refused", "connection refused"),
    ("dns error", "its name is not known"),
    ("invalid peer certificate", "its certificate is not trusted; name its CA with ?cacert=/path"),
    ("kind: Connect", "no connection"),
)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"

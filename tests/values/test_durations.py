from __future__ import annotations

import pytest

from brookline.values.durations import FOREVER, Duration, seconds

MS = 1_000_000


@pytest.mark.parametrize(
    ("written", "ms", "shown"),
    [
        ("15s", 15_000, "15s"),
        ("1m 30s", 90_000, "1m 30s"),
        ("1m30s", 90_000, "1m 30s"),
        ("500ms", 500, "500ms"),
        ("2 h", 7_200_000, "2h"),
        ("1d", 86_400_000, "1d"),
        ("1 minute", 60_000, "1m"),
        ("90 seconds", 90_000, "1m 30s"),
        ("1.5s", 1_500, "1s 500ms"),
        ("0", 0, "0ms"),
        (1500, 1_500, "1s 500ms"),
        (0, 0, "0ms"),
        (" 1 day, 2 hours ", 93_600_000, "1d 2h"),
    ],
    ids=repr,
)
def test_a_duration_is_read_and_shown_as_amp_does(written: object, ms: int, shown: str) -> None:
    duration = Duration.of(written)
    assert duration.nanos == ms * MS
    assert duration.ms == ms
    assert str(duration) == shown
    assert Duration.of(shown) == duration


@pytest.mark.parametrize("written", ["forever", "FOREVER", "practically_forever"])
def test_forever_never_ends(written: str) -> None:
    assert Duration.of(written) == FOREVER
    assert str(FOREVER) == "forever"
    assert FOREVER.seconds == float("inf")
    assert Duration.of("999999999999d") == FOREVER


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "soon",
        "15x",
        "15s 3",
        "3 15s",
        "s",
        "1..5s",
        True,
        None,
        [1],
        "1e999s",
        "1e300d",
        10**400,
    ],
    ids=lambda written: repr(written)[:20],
)
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        Duration.of(written)


def test_durations_are_ordered() -> None:
    assert seconds(1) < Duration.of("1001ms") < FOREVER

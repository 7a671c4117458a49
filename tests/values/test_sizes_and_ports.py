from __future__ import annotations

import pytest

from brookline.values.ports import PortRange
from brookline.values.sizes import Size


@pytest.mark.parametrize(
    ("written", "number", "shown"),
    [
        ("512", 512, "512"),
        ("64kb", 65_536, "64kb"),
        ("1gb", 1 << 30, "1gb"),
        ("1.5 GiB", 3 << 29, "1536mb"),
        ("10m", 10 << 20, "10mb"),
        ("3 bytes", 3, "3"),
        (1000, 1000, "1000"),
        (0, 0, "0"),
    ],
    ids=repr,
)
def test_a_size_is_read_in_powers_of_1024(written: object, number: int, shown: str) -> None:
    size = Size.of(written)
    assert size == number
    assert str(size) == shown
    assert Size.of(shown) == number


@pytest.mark.parametrize("written", ["", "gb", "1 parsec", -1, True, None], ids=repr)
def test_what_is_no_size_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        Size.of(written)


@pytest.mark.parametrize(
    ("written", "ports"),
    [
        (8080, [8080]),
        ("8080", [8080]),
        ("80,8080-8082", [80, 8080, 8081, 8082]),
        ("65534+", [65_534, 65_535]),
        ("8081,[18000-18001]", [8081, 18_000, 18_001]),
        ("[8081, 8082]", [8081, 8082]),
        (" 8001-8003 ", [8001, 8002, 8003]),
        (
            [
                8080,
                "9090+",
            ],
            None,
        ),
        ("0", [0]),
    ],
    ids=repr,
)
def test_a_port_range_names_its_ports_in_order(written: object, ports: list[int] | None) -> None:
    read = PortRange.of(written)
    if ports is not None:
        assert list(read) == ports
    assert PortRange.of(str(read)) == read
    assert next(iter(read)) in read
    assert 70_000 not in read


@pytest.mark.parametrize(
    "written", ["", "http", "0-5", "70000", "80,,81", "1-70000", None, True], ids=repr
)
def test_what_is_no_port_range_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="is not a range of ports"):
        PortRange.of(written)


def test_a_range_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="'17200-8190' runs backwards"):
        PortRange.of("80,17200-8190")

"""Accept headers, numbers and query strings at their edges."""

from __future__ import annotations

import pytest

from backend.errors import BadRequestError
from backend.http.negotiate import flag, number, parse_query, picture_format


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "png"),
        ("*/*", "png"),
        ("image/*", "png"),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "png"),
        ("image/webp,*/*", "png"),
        ("image/jpeg", "jpeg"),
        ("image/jpeg, image/png;q=0.5", "jpeg"),
        ("image/png, image/jpeg", "png"),
        ("image/webp;q=0", "png"),
        ("image/jpeg;q=junk", "png"),
        ("text/html,image/jpeg;q=0.9", "jpeg"),
    ],
)
def test_picture_format_by_accept(accept: str, expected: str) -> None:
    assert picture_format({}, accept) == expected


def test_fmt_goes_before_accept() -> None:
    assert picture_format({"fmt": "WEBP"}, "image/jpeg") == "webp"
    assert picture_format({"fmt": "nonsense"}, "image/jpeg") == "jpeg"


def test_query_strings_as_slicer_reads_them() -> None:
    assert parse_query("a=1&a=2&b=&c=%20x+y%20&d") == {"a": "1", "c": "x y"}


def test_numbers() -> None:
    assert number({"x": "0"}, "x") == 0.0
    assert number({"x": "junk"}, "x", 7.0) == 7.0
    assert number({}, "x") is None
    for value in ("nan", "inf", "-inf", "1e999"):
        with pytest.raises(BadRequestError):
            number({"x": value}, "x")


def test_flags() -> None:
    assert [flag({"f": word}, "f") for word in ("1", "True", "yes", "ON", "0", "no", "junk")] == [True] * 4 + [False] * 3
    assert flag({}, "f", default=True)

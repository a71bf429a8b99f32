"""Plain scalars by the YAML 1.2 core schema, and where PyYAML reads them otherwise."""

import math

import pytest

from compiler.reading.scalar import LONGEST_NUMBER, NumberTooLong, plain
from compiler.reading.source import read_source


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("nUll", "nUll"),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRue", "tRue"),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("No", "No"),
        ("y", "y"),
        ("0", 0),
        ("010", 10),
        ("-12", -12),
        ("+7", 7),
        ("0o10", 8),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("-0x1", "-0x1"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("1:30:00", "1:30:00"),
        ("2026-11-20", "2026-11-20"),
        ("1.2.3", "1.2.3"),
        ("1e-3", 1e-3),
        ("1E3", 1e3),
        (".5", 0.5),
        ("5.", 5.0),
        ("+.5e1", 5.0),
        ("-1.5", -1.5),
        ("1e", "1e"),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("+.INF", math.inf),
        ("inf", "inf"),
        ("nan", "nan"),
        (".", "."),
        ("-", "-"),
        ("+", "+"),
        ("0o8", "0o8"),
        ("0xg", "0xg"),
        ("١", "١"),
        ("1e999", math.inf),
    ],
)
def test_core_schema(text: str, value: object) -> None:
    found = plain(text)
    assert type(found) is type(value)
    assert found == value


def test_not_a_number() -> None:
    assert math.isnan(plain(".nan"))  # ty: ignore[invalid-argument-type]


def test_long_numbers_are_refused_by_name() -> None:
    with pytest.raises(NumberTooLong):
        plain("1" * (LONGEST_NUMBER + 1))
    source = read_source("a: " + "1" * 5000, "f.yaml")
    assert [d.code for d in source.diagnostics] == ["Y117"]


def test_quoted_scalars_are_text() -> None:
    assert read_source("a: '1'\nb: \"true\"\nc: |\n  12\n", "f.yaml").value == {"a": "1", "b": "true", "c": "12\n"}

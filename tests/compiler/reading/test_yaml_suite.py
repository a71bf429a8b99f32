"""Documents of the YAML test suite: right, or refused by name."""

import time
from pathlib import Path

import pytest

from benchmarks.yaml_suite import Case, cases, ours, unnamed, verdicts
from compiler.reading.source import read_source


@pytest.fixture(scope="module")
def suite(shared_data: Path) -> list[Case]:
    folder = shared_data / "spec_corpora" / "yaml_test_suite"
    if not folder.is_dir():
        pytest.skip("the YAML test suite is not beside this checkout")
    return cases(folder)


def test_at_least_95_in_100_documents_of_the_subset_are_read_right(suite: list[Case]) -> None:
    by = verdicts(suite, ours)
    valid = [case for case in suite if case.valid and not case.outside]
    assert len(suite) == 406
    assert len(valid) >= 200
    assert len(by["subset, as said"]) >= 0.95 * len(valid)
    assert "subset, otherwise" not in by, "read, but as something else"


def test_every_invalid_document_is_an_error(suite: list[Case]) -> None:
    by = verdicts(suite, ours)
    assert "invalid, accepted" not in by
    assert len(by["invalid, refused"]) == 94


def test_what_is_outside_the_subset_is_refused_by_name(suite: list[Case]) -> None:
    assert "outside, read" not in verdicts(suite, ours)
    assert unnamed(suite) == []


def test_other_line_ends_and_missing_last_ones_change_nothing(suite: list[Case]) -> None:
    for case in suite:
        if case.valid and not case.outside and "\r" not in case.text:
            assert repr(ours(case.text.replace("\n", "\r\n"))) == repr(ours(case.text)), case.name
            assert repr(ours(case.text.replace("\n", "\r"))) == repr(ours(case.text)), case.name


def test_no_document_takes_long_or_says_another_thing_the_second_time(suite: list[Case]) -> None:
    for case in suite:
        begin = time.process_time()
        first, second = read_source(case.text, "f"), read_source(case.text, "f")
        assert time.process_time() - begin < 1
        assert (repr(first.value), first.diagnostics) == (repr(second.value), second.diagnostics)

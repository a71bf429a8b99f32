"""The word that was meant is the one that difflib finds."""

import difflib

from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics.diagnostic import closest

WORDS = st.text("abc-1", max_size=6)


@given(word=WORDS, known=st.lists(WORDS, unique=True, max_size=12))
def test_closest_is_what_difflib_finds(word: str, known: list[str]) -> None:
    found = difflib.get_close_matches(word, known, n=2, cutoff=0.6)
    assert closest(word, known) == (found[0] if found else None)

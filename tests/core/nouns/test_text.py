"""What is kept of words that people typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guatu.core.nouns.text import plain


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " \n\t",
        "\u202e",
        "\u200b\ufeff",
        "\u2066\u2069 \u3000",
        "\u200d",
        "\u3164",
        "\u2800\u2800",
        "\u0301",
        "\ufe0f",
        "\x00\x07",
        "\U000e0041",
        "\ud800",
    ],
)
def test_what_nobody_can_see_is_nothing(typed: str) -> None:
    assert plain(typed) == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("停止\u202e浇铸", "停止浇铸"),
        ("\ufeff停止浇铸 \r\n换泵\r", "停止浇铸 \n换泵"),
        ("a\x00b\tc", "ab\tc"),
        ("👩\u200d🔧", "👩\u200d🔧"),
        ("①—", "①—"),
        ("e\u0301", "e\u0301"),
        ("ok\U000e0041\U000e0042", "ok"),
    ],
)
def test_what_is_seen_is_kept_and_what_hides_in_it_is_not(typed: str, kept: str) -> None:
    assert plain(typed) == kept


@given(st.text())
def test_keeping_twice_is_keeping_once(typed: str) -> None:
    assert plain(plain(typed)) == plain(typed)


@given(st.text("abc停止浇铸 。1"))
def test_plain_words_stay_as_they_were_typed(typed: str) -> None:
    assert plain(typed) == typed.strip()

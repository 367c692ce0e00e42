"""Numbers as addresses and forms name them."""

import pytest

from procurement.common.wholes import whole, wholes


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("0", 0), ("007", 7), ("9" * 18, 10**18 - 1), *[(bad, None) for bad in (
        None, "", " 7", "-7", "7.0", "1e3", "７", "²", "x", "9" * 19
    )]],
)  # fmt: skip
def test_only_plain_figures_are_a_number(text, number):
    assert whole(text) == number


def test_what_is_too_long_for_its_purpose_is_none():
    assert (whole("99999", digits=5), whole("100000", digits=5)) == (99_999, None)


def test_of_many_texts_the_numbers_stay():
    assert wholes(["3", "", "x", "1"]) == [3, 1]

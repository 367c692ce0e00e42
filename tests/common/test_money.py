"""Money: what people type, how it is rounded, how it is shared."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.common import money
from procurement.common.errors import RuleViolation

CURRENCIES = st.sampled_from(["CNY", "EUR", "JPY", "KWD", "VND", "TND"])
AMOUNTS = st.decimals(min_value=-(10**13), max_value=10**13, places=6, allow_nan=False, allow_infinity=False)
PRICES = st.decimals(min_value=0, max_value=10**7, places=6)
QUANTITIES = st.decimals(min_value=Decimal("0.000001"), max_value=10**7, places=6)


def step(currency):
    return Decimal(1).scaleb(-money.exponent(currency))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0", "0"), ("1234.5", "1234.5"), ("1,234.50", "1234.50"), (" 12 345.6 ", "12345.6"), ("-7", "-7"),
        ("1,234,567", "1234567"), ("999999999999999", "999999999999999"), ("0.000001", "0.000001"), ("1\u00a0000", "1000"),
    ],
)  # fmt: skip
def test_figures_are_read_as_people_write_them(typed, number):
    assert money.parse_number(typed) == Decimal(number)


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "NaN", "nan", "Infinity", "-inf", "1e3", "1E3", "1_000", "１２３", "1,23", "12,34,567", ",5", "1.", ".5", "1.2.3", "--1", "+1",
        "0x10", "1234567890123456", "0.0000001", "12 abc", "１,000", "1,234.5,6", "٣", "²", "1\n2", "1\x00", "9" * 5000, "1/2", "½", "−5",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_number_is_refused(typed):
    with pytest.raises(RuleViolation):
        money.parse_number(typed)


@given(st.text(max_size=40))
def test_any_text_gives_a_finite_number_or_a_refusal(typed):
    try:
        number = money.parse_number(typed)
    except money.MoneyError:
        return
    assert number.is_finite()
    assert abs(number) < 10**15
    assert -number.as_tuple().exponent <= 6


@given(st.decimals(min_value=-(10**14), max_value=10**14, places=6))
def test_a_number_written_with_groups_is_read_back(number):
    assert money.parse_number(f"{number:,}") == number


def test_places_can_be_fewer():
    with pytest.raises(money.MoneyError):
        money.parse_number("1.234", places=2)
    assert money.parse_number("1.23", places=2) == Decimal("1.23")


@pytest.mark.parametrize(
    ("amount", "currency", "result"),
    [
        ("2.5", "JPY", "3"), ("-2.5", "JPY", "-3"), ("0.005", "CNY", "0.01"), ("1.0005", "KWD", "1.001"), ("1.00049999", "KWD", "1.000"),
        ("2.675", "EUR", "2.68"), ("0.4999", "JPY", "0"),
    ],
)  # fmt: skip
def test_amounts_are_rounded_half_up_to_the_currencys_own_decimals(amount, currency, result):
    rounded = money.rounded(Decimal(amount), currency)
    assert rounded == Decimal(result)
    assert -rounded.as_tuple().exponent == money.exponent(currency)


@given(AMOUNTS, CURRENCIES)
def test_rounding_moves_an_amount_by_half_a_step_at_most_and_only_once(amount, currency):
    rounded = money.rounded(amount, currency)
    assert abs(rounded - amount) <= step(currency) / 2
    assert money.rounded(rounded, currency) == rounded


@given(
    QUANTITIES,
    PRICES,
    st.sampled_from([Decimal(1), Decimal(100), Decimal(1000)]),
    st.decimals(0, 1, places=6),
    CURRENCIES,
)
def test_a_lines_net_is_one_rounding_of_the_exact_product(quantity, price, per, discount, currency):
    net = money.line_net(
        quantity=quantity, unit_price=price, price_per=per, discount=discount, currency=currency
    )
    exact = quantity * price * (1 - discount) / per
    assert abs(net - exact) <= step(currency) / 2 + Decimal("1e-9")
    assert net == net.quantize(step(currency), ROUND_HALF_UP)


def test_an_amount_that_no_column_can_hold_is_refused():
    with pytest.raises(money.MoneyError):
        money.line_net(quantity=Decimal(10**11), unit_price=Decimal(10**12), currency="CNY")


def test_the_largest_price_and_quantity_are_refused_in_words_not_by_arithmetic():
    with pytest.raises(money.MoneyError):
        money.line_net(
            quantity=Decimal("999999999999.999999"), unit_price=Decimal("9999999999999.999999"),
            price_per=Decimal("0.000001"), currency="KWD",
        )  # fmt: skip


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=30))
def test_a_header_is_the_sum_of_its_lines(pairs):
    found = money.totals(pairs)
    assert found.net == sum((net for net, _tax in pairs), Decimal(0))
    assert found.gross == found.net + found.tax


WEIGHTS = st.lists(st.decimals(min_value=0, max_value=10**9, places=6), min_size=1, max_size=40).filter(any)


@given(AMOUNTS, WEIGHTS, CURRENCIES)
def test_shares_sum_to_the_amount_to_the_cent(amount, weights, currency):
    whole = money.rounded(amount, currency)
    parts = money.split(whole, weights, currency)
    assert sum(parts) == whole
    assert len(parts) == len(weights)
    assert all(part == money.rounded(part, currency) for part in parts)


@given(AMOUNTS.filter(lambda amount: amount > 0), WEIGHTS, CURRENCIES)
def test_a_share_is_within_one_step_of_what_is_due(amount, weights, currency):
    whole = money.rounded(amount, currency)
    total = sum(weights)
    for part, weight in zip(money.split(whole, weights, currency), weights, strict=True):
        assert abs(part - whole * weight / total) <= step(currency)
        assert part >= 0


def test_equal_shares_give_the_odd_cent_to_the_first():
    assert money.split(Decimal("10.00"), [Decimal(1)] * 3, "CNY") == [
        Decimal("3.34"),
        Decimal("3.33"),
        Decimal("3.33"),
    ]
    assert money.split(Decimal(10), [Decimal(1)] * 3, "JPY") == [Decimal(4), Decimal(3), Decimal(3)]
    assert money.split(Decimal("0.010"), [Decimal(1)] * 3, "KWD") == [
        Decimal("0.004"),
        Decimal("0.003"),
        Decimal("0.003"),
    ]


@pytest.mark.parametrize("weights", [[], [Decimal(0)], [Decimal(2), Decimal(-1)]])
def test_nothing_is_shared_among_nobody(weights):
    with pytest.raises(money.MoneyError):
        money.split(Decimal(1), weights, "CNY")


def test_an_amount_finer_than_its_currency_is_not_shared():
    with pytest.raises(money.MoneyError):
        money.split(Decimal("0.005"), [Decimal(1), Decimal(1)], "CNY")

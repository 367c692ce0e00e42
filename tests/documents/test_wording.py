from decimal import Decimal

import pytest

from procurement.common import wording


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("4903571.72", "肆佰玖拾万叁仟伍佰柒拾壹元柒角贰分"),
        ("0.05", "伍分"),
        ("1.01", "壹元零壹分"),
        ("10.00", "壹拾元整"),
        ("1001", "壹仟零壹元整"),
        ("0", "零元整"),
        ("999999999999999.99", "玖佰玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
    ],
)
def test_renminbi_in_capital_figures(amount, words):
    assert wording.chinese_amount(Decimal(amount), "CNY") == words


def test_no_capital_figures_for_what_cannot_be_written_so():
    assert wording.chinese_amount(Decimal("12345678901234567"), "CNY") == ""
    assert wording.chinese_amount(Decimal("-1"), "CNY") == ""
    assert wording.chinese_amount(Decimal("500"), "JPY") == ""


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (
            "4903571.72",
            "CNY",
            "Renminbi four million, nine hundred and three thousand, five hundred and seventy-one yuan and seventy-two fen only",
        ),
        ("1000001", "JPY", "JPY one million and one only"),
        ("12.500", "KWD", "KWD twelve and 500/1000 only"),
        ("0", "CNY", "Renminbi zero yuan only"),
    ],
)
def test_amounts_in_english_words(amount, currency, words):
    assert wording.english_amount(Decimal(amount), currency) == words


def test_one_space_between_the_scripts():
    assert wording.spaced("阀门DN100  规格16C，税率13%的") == "阀门 DN100 规格 16C，税率 13% 的"
    assert wording.spaced("gate valve DN 100") == "gate valve DN 100"


def test_the_digest_does_not_depend_on_the_order_of_keys():
    assert wording.digest_of({"a": Decimal("1.00"), "b": "中"}) == wording.digest_of(
        {"b": "中", "a": Decimal("1.00")}
    )
    assert wording.digest_of({"a": "1"}) != wording.digest_of({"a": "2"})

"""How long, and lists of names, in the reader's language."""

from datetime import timedelta

import pytest
from django.utils.translation import override

from procurement.common.figures import clauses, listed, span_text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=40), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=26, minutes=50), "26 hours"),
        (timedelta(days=13, hours=5), "13 days"),
    ],
)
def test_a_span_is_said_in_one_unit(span, text):
    with override("en"):
        assert span_text(span) == text


def test_names_and_facts_are_parted_as_the_language_does():
    with override("zh-hans"):
        assert listed(["阀门", "钢材"]) == "阀门、钢材"
        assert clauses(["何明", "", "东营项目部"]) == "何明，东营项目部"
    with override("en"):
        assert listed(["Valves", "Steel"]) == "Valves, Steel"

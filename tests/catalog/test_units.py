"""The units that every installation starts with."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from procurement.catalog.models import Unit
from procurement.catalog.units import UNITS, seed
from tests.factories import UnitFactory

RECOMMENDED = Path(settings.BASE_DIR).parent / "shared/data/codes/units_recommended.json"


def test_units_are_told_apart():
    codes, names, english = (Counter(column) for column in list(zip(*UNITS, strict=True))[:3])

    assert max(codes.values()) == max(names.values()) == max(english.values()) == 1
    assert all(re.fullmatch(r"[0-9A-Z]{2,3}", code) for code in codes)
    assert len(UNITS) >= 60


@pytest.mark.skipif(not RECOMMENDED.exists(), reason="the published list lies outside of this repository")
def test_names_are_those_of_the_recommendation():
    published = json.loads(RECOMMENDED.read_text())
    ours = {code: english for code, _name, english, _symbol in UNITS if code in published}

    plain = {code: re.sub(r"\s*[\[(].*", "", published[code]["name_en"]) for code in ours}
    assert len(ours) > 40
    assert ours == plain


@pytest.mark.django_db
def test_seeding_twice_adds_nothing_and_changes_nothing():
    Unit.objects.all().delete()
    seed(Unit)
    Unit.objects.filter(code="KGM").update(symbol="kilo")

    seed(Unit)

    assert Unit.objects.count() == len(UNITS)
    assert Unit.objects.get(code="KGM").symbol == "kilo"


@pytest.mark.parametrize(("language", "short"), [("en", "kg"), ("zh-hans", "千克")])
def test_a_quantity_is_followed_by_what_people_write(language, short):
    with translation.override(language):
        assert UnitFactory.build(code="KGM", name="千克", name_en="kilogram", symbol="kg").short == short
        assert UnitFactory.build(code="SET", name="套", name_en="set", symbol="").short == (
            "set" if language == "en" else "套"
        )

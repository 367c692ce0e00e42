"""Pictures for the README: small, and clear about what is missing to take them."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command
from PIL import Image, ImageDraw

from procurement.demo import people, pictures
from procurement.organization.models import Company


def test_what_is_missing_is_named_with_its_command(settings, monkeypatch, db):
    settings.DEMO = True
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)

    with pytest.raises(CommandError, match="pip install playwright"):
        call_command("screenshots")

    assert not Company.objects.exists()


def test_production_has_none(settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="demo"):
        call_command("screenshots")


def test_a_picture_is_made_small_and_stays_a_picture():
    page = Image.effect_noise((1280, 800), 30).convert("RGB")
    ImageDraw.Draw(page).rectangle((100, 100, 1200, 700), fill=(30, 80, 200))
    out = io.BytesIO()
    page.save(out, "PNG")

    small = pictures.smaller(out.getvalue())

    assert len(small) < len(out.getvalue())
    with Image.open(io.BytesIO(small)) as image:
        assert image.size == page.size
        assert image.mode == "P"


def test_everybody_in_the_pictures_is_of_the_cast():
    cast = {f"{member.key}@{people.DOMAIN}" for member in people.MEMBERS}
    cast |= {email for vendor in people.VENDORS for _name, email, _role in vendor.users}

    assert {shot.person for shot in pictures.SHOTS} <= cast
    assert len({shot.name for shot in pictures.SHOTS}) == len(pictures.SHOTS) >= 10
    assert any(shot.on_phone for shot in pictures.SHOTS)
    assert any(shot.scheme == "dark" for shot in pictures.SHOTS)

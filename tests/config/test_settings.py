"""Production guesses nothing, and the web cannot be given the key that opens bids."""

import os
import re
import runpy
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import override_settings
from django.urls import reverse

from procurement.config import checks
from procurement.config.quality import PRETENDED_PRODUCTION
from procurement.config.settings import base

PRODUCTION = "procurement.config.settings.production"


@pytest.fixture
def production(monkeypatch):
    for name, value in {**PRETENDED_PRODUCTION, "DATABASE_URL": "postgres://u:p@db/caigou"}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_production_names_all_that_is_missing_at_once(monkeypatch):
    for name in [*PRETENDED_PRODUCTION, "DATABASE_URL"]:
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(ImproperlyConfigured) as refusal:
        runpy.run_module(PRODUCTION)

    for name in set(PRETENDED_PRODUCTION) - {"DJANGO_SETTINGS_MODULE"}:
        assert name in str(refusal.value)


@pytest.mark.parametrize("name", sorted({*PRETENDED_PRODUCTION, "DATABASE_URL"} - {"DJANGO_SETTINGS_MODULE"}))
def test_production_has_no_fallback(production, name):
    production.delenv(name)

    with pytest.raises(ImproperlyConfigured, match=name):
        runpy.run_module(PRODUCTION)


def test_production_protects_cookies_and_transport(production):
    settings = runpy.run_module(PRODUCTION)

    assert settings["DEBUG"] is False
    assert settings["DEMO"] is False
    assert settings["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert settings["SECURE_SSL_REDIRECT"]
    assert settings["EMAIL_HOST"] == "mail.example.com"


def test_secrets_may_come_from_files(production, tmp_path):
    (tmp_path / "secret").write_text("from a file")
    production.delenv("SECRET_KEY")
    production.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))

    assert runpy.run_module(PRODUCTION)["SECRET_KEY"] == "from a file"


def test_the_web_refuses_the_key_that_opens_bids(monkeypatch):
    monkeypatch.setenv("OPENER_KEY_FILE", "/etc/caigou/opener.key")

    with pytest.raises(ImproperlyConfigured, match="opener process only"):
        runpy.run_module("procurement.config.wsgi")


@override_settings(OPENER_KEY_FILE="/etc/caigou/opener.key", PROCESS="worker")
def test_the_check_sees_the_key_in_the_wrong_process():
    assert [found.id for found in checks.the_web_cannot_open_bids(None)] == ["caigou.E002"]


def test_the_check_sees_a_key_in_the_checkout():
    with override_settings(DRAFT_KEY_FILE=str(Path(__file__).with_name("draft.key"))):
        assert [found.id for found in checks.the_web_cannot_open_bids(None)] == ["caigou.E003"]
    with override_settings(DRAFT_KEY_FILE=f"{settings.BASE_DIR}-keys/draft.key"):
        assert checks.the_web_cannot_open_bids(None) == []


@pytest.mark.django_db
def test_the_database_can_do_what_we_need():
    assert checks.database_can_do_what_we_need(None, databases=["default"]) == []


def test_a_machine_without_pango_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(checks.fonts, "has_pango", lambda: False)
    monkeypatch.setattr(checks.fonts, "load_fetched", lambda folder: False)
    monkeypatch.setenv("FONTCONFIG_FILE", os.environ.get("FONTCONFIG_FILE", ""))

    (warning,) = checks.documents_can_be_made(None)

    assert "pango" in warning.msg
    assert warning.hint.startswith("Run: ")
    call_command("check", "--tag", "documents")  # a warning, not a refusal


@pytest.mark.django_db
def test_what_pages_name_is_collected_once_per_release(tmp_path, client):
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=base.STORAGES):
        call_command("collectstatic", interactive=False, verbosity=0)
        page = client.get(reverse("account_login")).text

    named = re.findall(r'(?:href|src)="/static/([^"]+)"', page)
    assert len(named) > 5
    assert all(re.search(r"\.[0-9a-f]{12}\.", name) and (tmp_path / name).exists() for name in named), named

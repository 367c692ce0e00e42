"""Keys to seal and open with in tests: made once for each process that runs tests, outside the checkout."""

from __future__ import annotations

import pytest

from procurement.bids import keys

_files: keys.KeyFiles | None = None


@pytest.fixture(scope="session", autouse=True)
def sealing_keys(tmp_path_factory):
    """Every test may publish RFQs and take bids; as in the web, the opener's private key is not among the settings."""
    global _files
    from django.conf import settings

    _files = keys.KeyFiles.in_folder(tmp_path_factory.mktemp("keys"))
    keys.make(_files)
    settings.OPENER_PUBLIC_KEY_FILE = str(_files.opener_public)
    settings.DRAFT_KEY_FILE = str(_files.draft)
    settings.RECEIPT_KEY_FILE = str(_files.receipt)
    settings.OPENER_KEY_FILE = ""


def opener_key_file() -> str:
    """Where the opener's private key lies, for a test that plays the opener process."""
    assert _files is not None
    return str(_files.opener)


def keyring_for_tests() -> keys.Keyring:
    """The opener's keyring, as `openings.open_bids` wants it."""
    from django.test import override_settings

    with override_settings(OPENER_KEY_FILE=opener_key_file()):
        return keys.opener_keyring()

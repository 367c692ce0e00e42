"""One machine, one command: `manage.py demo`, and every other command that names no settings."""

import secrets

from .base import *

DEMO = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

KEYS_DIR = LOCAL_DIR / "keys"


def _kept_secret(name: str) -> str:
    """A random secret that lives as long as the checkout's local folder."""
    path = KEYS_DIR / name
    if not path.exists():
        KEYS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = path.with_name(f"{name}.{secrets.token_hex(4)}")
        new.touch(mode=0o600)
        new.write_text(secrets.token_urlsafe(50), "ascii")
        try:
            path.hardlink_to(new)  # the first of several processes wins
        except FileExistsError:
            pass
        new.unlink()
    return path.read_text("ascii")


SECRET_KEY = _kept_secret("secret_key")

# `manage.py make_keys` writes them. The opener's private key is named by the supervisor, to the opener alone.
OPENER_PUBLIC_KEY_FILE = str(KEYS_DIR / "opener_public.key")
DRAFT_KEY_FILE = str(KEYS_DIR / "draft.key")
RECEIPT_KEY_FILE = str(KEYS_DIR / "receipt.key")

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = LOCAL_DIR / "mail"

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True  # looks a file up when it is asked for, not thousands of them at the start

"""A real installation. Everything it needs is named by the environment (or by files, `NAME_FILE`); nothing is guessed."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from .base import *

REQUIRED = {
    "SECRET_KEY": "a long random text that stays the same",
    "DATABASE_URL": "postgres://user:password@host/name, PostgreSQL 17 or newer",
    "ALLOWED_HOSTS": "host names, separated by commas",
    "SITE_URL": "the address people use, as it stands in mails",
    "EMAIL_URL": "smtp+tls://user:password@host:587",
    "DEFAULT_FROM_EMAIL": "Name <address>",
    "MEDIA_ROOT": "the folder of attachments and documents, shared by all processes",
    "OPENER_PUBLIC_KEY_FILE": "made by manage.py make_keys",
    "DRAFT_KEY_FILE": "made by manage.py make_keys",
    "RECEIPT_KEY_FILE": "made by manage.py make_keys",
}

if missing := [
    name for name in REQUIRED if not env.str(name, default="") and not env.str(f"{name}_FILE", default="")
]:
    raise ImproperlyConfigured(
        "The production settings need these environment variables:\n"
        + "\n".join(f"  {name}: {REQUIRED[name]}" for name in missing)
    )

SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[SITE_URL])
MEDIA_ROOT = Path(env.str("MEDIA_ROOT"))
vars().update(env.email_url("EMAIL_URL"))

# Behind a proxy that ends TLS and always sets this header itself.
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", default=True)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Limits count by the client's address: so many of our own proxies write it, all before them is hearsay.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=int(BEHIND_TLS_PROXY))
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", default=True)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=True)
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"
SILENCED_SYSTEM_CHECKS = ["security.W019"]  # SAMEORIGIN: our own pages show our own documents in a frame

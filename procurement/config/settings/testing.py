"""For pytest: the same engine as everywhere, with what makes tests slow switched off."""

import tempfile
from pathlib import Path

from .base import *

SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
SITE_URL = "http://testserver"

DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off -c caigou.testing=on"
DATABASES["default"]["TEST"] = {"NAME": env.str("CAIGOU_TEST_DB", default="test_caigou")}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
MEDIA_ROOT = (
    Path(tempfile.gettempdir()) / f"caigou-test-media-{env.str('PYTEST_XDIST_WORKER', default='main')}"
)
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True

# Tests call services and tasks directly; a message that is sent all the same goes nowhere.
CELERY_BROKER_URL = "memory://"
WAKE_WORKERS = False

# Most tests are about something else than approval and write no rules; those about the rules switch this off.
APPROVALS_WITHOUT_RULES = True

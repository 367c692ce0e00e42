"""Loaded before Django's settings (see pyproject.toml): starts the embedded database unless DATABASE_URL names one."""

import os

from procurement.config import bootstrap, embedded_postgres

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "procurement.config.settings.testing")
embedded_postgres.ensure_database(bootstrap.LOCAL_DIR)

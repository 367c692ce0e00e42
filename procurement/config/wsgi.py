"""The web's entry point, for granian or any other WSGI server."""

import os

from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "procurement.config.settings.production")
os.environ.setdefault("CAIGOU_PROCESS", "web")

if os.environ.get("OPENER_KEY_FILE"):
    raise ImproperlyConfigured(
        "OPENER_KEY_FILE is set: the web must not be able to open bids. Give it to the opener process only."
    )

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

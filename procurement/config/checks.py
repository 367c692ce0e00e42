"""What `manage.py check` tells an administrator about this machine and this installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from procurement.common import fonts

OLDEST_POSTGRESQL = 170000


@register("documents")
def documents_can_be_made(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without pango everything works but PDFs, which stay requested and say why."""
    fonts.prepare(settings.LOCAL_DIR)
    if fonts.has_pango():
        return []
    return [
        Warning(
            "The libraries that make PDF documents (pango) are missing.",
            hint=f"Run: {fonts.how_to_install()}",
            id="caigou.W001",
        )
    ]


@register(Tags.database)
def database_can_do_what_we_need(
    app_configs: Any, databases: Any = None, **kwargs: Any
) -> list[CheckMessage]:
    """PostgreSQL 17, and a locale that knows letters other than English ones."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, lower('ÀÉ') = 'àé', '采购' ~ '^\\w+$'"
        )
        version, knows_accents, knows_chinese = cursor.fetchone()
    found: list[CheckMessage] = []
    if version < OLDEST_POSTGRESQL:
        found.append(Error("PostgreSQL is too old.", hint="Use version 17 or newer.", id="caigou.E001"))
    if not (knows_accents and knows_chinese):
        found.append(
            Warning(
                "This database's locale does not know Chinese or accented letters; searches will miss names.",
                hint="CREATE DATABASE … TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'",
                id="caigou.W002",
            )
        )
    return found


@register(Tags.security, deploy=True)
def the_web_cannot_open_bids(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The key that opens bids belongs to the opener process, on a file outside the checkout."""
    found: list[CheckMessage] = []
    if settings.OPENER_KEY_FILE and settings.PROCESS not in ("opener", ""):
        found.append(
            Error(
                f"The process '{settings.PROCESS}' is given OPENER_KEY_FILE.",
                hint="Give it to the opener process only.",
                id="caigou.E002",
            )
        )
    inside = [
        name
        for name in ("OPENER_KEY_FILE", "DRAFT_KEY_FILE", "RECEIPT_KEY_FILE")
        if getattr(settings, name)
        and Path(getattr(settings, name)).resolve().is_relative_to(settings.BASE_DIR)
    ]
    if inside and not settings.DEMO:
        found.append(
            Error(f"Inside the checkout: {', '.join(inside)}.", hint="Keep keys elsewhere.", id="caigou.E003")
        )
    return found

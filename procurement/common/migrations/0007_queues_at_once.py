"""Processes that start together may declare the same queue at once."""

from django.db import migrations

from procurement.common.queue_schema import ENABLE_NOTIFY_ANEW, ENABLE_NOTIFY_ONCE


class Migration(migrations.Migration):
    dependencies = [("common", "0006_documents_by_digest")]

    operations = [migrations.RunSQL(ENABLE_NOTIFY_ONCE, ENABLE_NOTIFY_ANEW)]

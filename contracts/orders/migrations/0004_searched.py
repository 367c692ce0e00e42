"""What searches look into with the index that answers them, and the day that a list is narrowed by."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import procurement.common.text_search


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0004_short_grams"),
        ("agreements", "0005_searched"),
        ("orders", "0003_freight"),
        ("organization", "0002_person_is_staff"),
        ("registry", "0004_one_search_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="search_text",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(models.F("number")),
                help_text="What searches look into, in lower case.",
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("search_text"), "gin_trgm_ops"),
                procurement.common.text_search.ShortGrams("search_text"),
                name="order_search",
            ),
        ),
        migrations.AddIndex(
            model_name="order", index=models.Index(fields=["issued_at"], name="order_issued")
        ),
    ]

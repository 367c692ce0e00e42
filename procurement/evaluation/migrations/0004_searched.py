"""What searches look into with the index that answers them, and the day that a list is narrowed by."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import procurement.common.text_search


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0004_short_grams"),
        ("evaluation", "0003_freight"),
        ("organization", "0002_person_is_staff"),
        ("rfqs", "0004_searched"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="award",
            name="search_text",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(models.F("number")),
                help_text="What searches look into, in lower case.",
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            model_name="award",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("search_text"), "gin_trgm_ops"),
                procurement.common.text_search.ShortGrams("search_text"),
                name="award_search",
            ),
        ),
        migrations.AddIndex(
            model_name="award", index=models.Index(fields=["decided_at"], name="award_decided")
        ),
    ]

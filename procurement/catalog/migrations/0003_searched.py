"""What searches look into, and the index that answers them."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models

import procurement.common.text_search


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0004_short_grams"),
        ("catalog", "0002_units"),
    ]

    operations = [
        migrations.AddField(
            model_name="item",
            name="search_text",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    django.db.models.functions.text.Concat(
                        "code",
                        models.Value(" "),
                        "name",
                        models.Value(" "),
                        "name_en",
                        models.Value(" "),
                        "specification",
                    )
                ),
                help_text="What searches look into, in lower case.",
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            model_name="item",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("search_text"), "gin_trgm_ops"),
                procurement.common.text_search.ShortGrams("search_text"),
                name="item_search",
            ),
        ),
    ]

"""One index for words of any length, on the function that every room's search uses."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models

from procurement.common.text_search import ShortGrams

OLD = """
    CREATE FUNCTION registry_short_grams(words text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$ SELECT short_grams(words) $$;
    CREATE INDEX supplier_short_search ON registry_supplier USING gin (registry_short_grams(search_text));
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_short_search"), ("common", "0004_short_grams")]

    operations = [
        migrations.RunSQL("DROP INDEX supplier_short_search; DROP FUNCTION registry_short_grams(text);", OLD),
        migrations.RemoveIndex("supplier", "supplier_search"),
        migrations.AddIndex(
            "supplier",
            GinIndex(
                OpClass(models.F("search_text"), "gin_trgm_ops"),
                ShortGrams("search_text"),
                name="supplier_search",
            ),
        ),
    ]

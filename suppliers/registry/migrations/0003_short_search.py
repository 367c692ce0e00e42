"""Short queries find an index too: one or two characters are a whole word in Chinese, and trigrams need three."""

from django.db import migrations

FUNCTION = """
    CREATE FUNCTION registry_short_grams(words text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT array_agg(gram) FROM (
            SELECT substr(words, place, 1) AS gram FROM generate_series(1, length(words)) AS place
            UNION
            SELECT substr(words, place, 2) FROM generate_series(1, length(words) - 1) AS place
        ) AS grams
    $$;
    CREATE INDEX supplier_short_search ON registry_supplier USING gin (registry_short_grams(search_text));
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_member_is_supplier")]

    operations = [
        migrations.RunSQL(
            FUNCTION, "DROP INDEX supplier_short_search; DROP FUNCTION registry_short_grams(text);"
        ),
    ]

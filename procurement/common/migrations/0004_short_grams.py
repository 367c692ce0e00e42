"""Short queries find an index too: one or two characters are a whole word in Chinese, and trigrams need three."""

from django.db import migrations

# COST keeps the planner from computing the pieces of every row instead of asking the index.
FUNCTION = """
    CREATE FUNCTION short_grams(words text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$
    DECLARE
        letters text[] := regexp_split_to_array(words, '');
        pairs text[] := '{}';
    BEGIN
        FOR place IN 1 .. cardinality(letters) - 1 LOOP
            pairs := pairs || (letters[place] || letters[place + 1]);
        END LOOP;
        RETURN letters || pairs;
    END
    $$;
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0003_jobs_keep_file_and_start")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION short_grams(text);")]

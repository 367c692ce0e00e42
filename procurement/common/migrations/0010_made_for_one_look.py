"""Files that long work has made so far, and answers to "what would it change?", are kept for a while from now."""

from django.db import migrations

# 30 days, as files.ONE_LOOK says. A job remembers that it had a file, so that its page can say that it is gone.
ONE_LOOK = """
    UPDATE common_storedfile SET kept_until = clock_timestamp() + interval '30 days'
    WHERE id IN (SELECT file_id FROM common_job)
       OR (content_type = 'application/json' AND name LIKE 'rules-effect-%.json');
    UPDATE common_job j SET result = j.result || jsonb_build_object('file', f.name)
    FROM common_storedfile f WHERE f.id = j.file_id;
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0009_files_kept_for_a_while")]

    operations = [migrations.RunSQL(ONE_LOOK, migrations.RunSQL.noop)]

"""Rules written before versions had a state were in force from their day on; they stay so."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("approvals", "0004_rules_in_pages_and_stand_ins")]

    operations = [
        migrations.RunSQL(
            "UPDATE approvals_ruleset SET status = 'active', source = 'setup' WHERE valid_from IS NOT NULL",
            migrations.RunSQL.noop,
        )
    ]

"""A person's user is on our side: the pair is a key of the users."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("organization", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE organization_person ADD CONSTRAINT person_user_side FOREIGN KEY (user_id, user_side)"
            " REFERENCES accounts_user (id, side) DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE organization_person DROP CONSTRAINT person_user_side",
        ),
    ]

"""A member's user is on a supplier's side: the pair is a key of the users."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE registry_membership ADD CONSTRAINT membership_user_side FOREIGN KEY (user_id, user_side)"
            " REFERENCES accounts_user (id, side) DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE registry_membership DROP CONSTRAINT membership_user_side",
        ),
    ]

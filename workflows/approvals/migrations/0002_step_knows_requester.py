"""A step's requester is its case's, so that the check against deciding one's own request cannot be fooled."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE approvals_approvalstep ADD CONSTRAINT step_case_requester FOREIGN KEY (case_id, requester_id)"
            " REFERENCES approvals_approvalcase (id, requester_id) DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE approvals_approvalstep DROP CONSTRAINT step_case_requester",
        ),
    ]

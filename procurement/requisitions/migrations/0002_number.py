"""The sequence that gives this kind of document its numbers."""

from django.db import migrations

from procurement.common.numbering import create_sequence


class Migration(migrations.Migration):
    dependencies = [("requisitions", "0001_initial")]

    operations = [
        create_sequence("requisitions_number"),
    ]

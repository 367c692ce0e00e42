"""The units of measure that every installation starts with."""

from django.db import migrations

from procurement.catalog.units import seed


def add_units(apps, schema_editor):
    seed(apps.get_model("catalog", "Unit"))


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    # Going back leaves them: documents may name them.
    operations = [migrations.RunPython(add_units, migrations.RunPython.noop)]

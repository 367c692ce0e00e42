"""The clause library and the goods template that an installation starts with."""

from django.db import migrations

from contracts.agreements import library


def install(apps, schema_editor):
    library.install(
        apps.get_model("agreements", "Clause"),
        apps.get_model("agreements", "ContractTemplate"),
        apps.get_model("agreements", "TemplateClause"),
    )


class Migration(migrations.Migration):
    dependencies = [("agreements", "0002_number")]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]

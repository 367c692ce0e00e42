from django.db import migrations

from procurement.common import queue_schema


class Migration(migrations.Migration):
    dependencies = [("common", "0001_initial")]

    operations = [migrations.RunPython(queue_schema.install, queue_schema.remove, elidable=False)]

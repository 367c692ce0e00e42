from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0007_queues_at_once"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="fault",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The kind of the error that stopped it, without its words.",
                max_length=80,
            ),
        ),
        migrations.AddField(
            model_name="rendering",
            name="fault",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The kind of the error that stopped it, without its words.",
                max_length=80,
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "failed")), fields=["id"], name="delivery_failed"
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(condition=models.Q(("status", "failed")), fields=["id"], name="job_failed"),
        ),
        migrations.AddIndex(
            model_name="rendering",
            index=models.Index(
                condition=models.Q(("status", "failed")), fields=["id"], name="rendering_failed"
            ),
        ),
    ]

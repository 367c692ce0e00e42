from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0008_operators_lists"),
        ("notices", "0002_preferences_and_digests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="digest",
            index=models.Index(
                condition=models.Q(("mail", "failed")), fields=["id"], name="digest_mail_failed"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("mail", "failed")), fields=["id"], name="notice_mail_failed"
            ),
        ),
    ]

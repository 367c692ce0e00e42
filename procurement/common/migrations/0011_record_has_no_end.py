import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("common", "0010_made_for_one_look")]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="storedfile",
            trigger=pgtrigger.compiler.Trigger(
                name="record_has_no_end",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."kept_until" IS NOT NULL AND OLD."kept_until" IS NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="29760cef41fc7cb46573cfd4a0c21628cf745d19",
                    operation="UPDATE",
                    pgid="pgtrigger_record_has_no_end_12af7",
                    table="common_storedfile",
                    when="BEFORE",
                ),
            ),
        ),
    ]

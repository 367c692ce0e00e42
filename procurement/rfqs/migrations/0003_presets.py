"""Two kinds of procedure to begin with. They are data: edit them in the administration, nothing under way changes."""

from django.db import migrations

PRESETS = (
    {
        "code": "rfq",
        "name": "询价",
        "name_en": "RFQ",
        "min_bidders": 3,
        "min_bid_days": 5,
        "default_price_weight": 100,
        "legal_source": "集团规定：三家报价，五日 Group rule: three quotes, five days",
    },
    {
        "code": "invited-tender",
        "name": "邀请招标",
        "name_en": "Invited tender",
        "min_bidders": 3,
        "min_bid_days": 20,
        "default_price_weight": 60,
        "legal_source": "《招标投标法》Tendering and Bidding Law of the PRC, Art. 24: at least 20 days to bid",
    },
)


def add(apps, schema_editor):
    preset = apps.get_model("rfqs", "ProcedurePreset")
    for values in PRESETS:
        preset.objects.get_or_create(code=values["code"], defaults=values)


class Migration(migrations.Migration):
    dependencies = [("rfqs", "0002_number")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]

"""The preset for spot buys, and what RFQs that ended without an award have given back."""

from django.db import migrations
from django.db.models import F

SPOT = {
    "name": "零星采购",
    "name_en": "Spot buy",
    "min_bidders": 1,
    "max_bidders": 3,
    "min_bids": 1,
    "min_bid_days": 1,
    "max_estimate": 50_000,
    "default_price_weight": 100,
    "legal_source": "集团规定：小额，至多三家，一日 Group rule: up to three suppliers, one day, small amounts",
}
ENDED = ["cancelled", "unsuccessful"]


def add_spot(apps, schema_editor):
    apps.get_model("rfqs", "ProcedurePreset").objects.get_or_create(code="spot", defaults=SPOT)


def tell_released(apps, schema_editor):
    """The counters of requisition lines have been right all the time; now the allocations say so as well."""
    lines = apps.get_model("rfqs", "RfqLine").objects.filter(rfq__status__in=ENDED)
    apps.get_model("rfqs", "Allocation").objects.filter(rfq_line__in=lines).update(released=F("quantity"))
    lines.update(released=F("quantity"))


class Migration(migrations.Migration):
    dependencies = [("rfqs", "0006_ending_copying_spot")]

    operations = [
        migrations.RunPython(add_spot, migrations.RunPython.noop),
        migrations.RunPython(tell_released, migrations.RunPython.noop),
    ]

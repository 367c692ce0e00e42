"""Figures are bounded by a period, so each moment that they are counted by has its index."""

from django.db import migrations

INDEXES = {
    "analytics_request_decided": "requisitions_requisition (decided_at) WHERE decided_at IS NOT NULL",
    "analytics_rfq_published": "rfqs_rfq (published_at) WHERE published_at IS NOT NULL",
    "analytics_rfq_opened": "rfqs_rfq (opened_at) WHERE opened_at IS NOT NULL",
    "analytics_award_decided": "evaluation_award (decided_at) WHERE status = 'active'",
    "analytics_contract_active": "agreements_contract (activated_at) WHERE activated_at IS NOT NULL",
    "analytics_order_issued": "orders_order (issued_at) WHERE issued_at IS NOT NULL",
}


class Migration(migrations.Migration):
    dependencies = [
        ("requisitions", "0001_initial"),
        ("rfqs", "0001_initial"),
        ("evaluation", "0001_initial"),
        ("agreements", "0001_initial"),
        ("orders", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(f"CREATE INDEX {name} ON {what}", f"DROP INDEX {name}")
        for name, what in INDEXES.items()
    ]

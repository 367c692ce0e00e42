"""An installation of its own for the kills of servers: `stage N` publishes an RFQ and fills in N bids, `judge` looks at the end.

python -m tests.races.submitting stage 20 | judge      (in the environment of that installation)
"""

from __future__ import annotations

import contextlib
import json
import sys
from datetime import timedelta

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import reverse  # noqa: E402

from procurement.bids.models import BidVersion  # noqa: E402
from procurement.common import audit, events, invariants  # noqa: E402
from procurement.common.clock import database_clock  # noqa: E402
from procurement.demo.measuring import Meter  # noqa: E402
from procurement.demo.sourcing import SourcingCycle, make_stage  # noqa: E402
from procurement.demo.visitor import Visitor  # noqa: E402
from procurement.rfqs.models import Invitation  # noqa: E402

settings.ALLOWED_HOSTS = ["testserver"]
settings.WAKE_WORKERS = False


def stage(count):
    """Forms that are filled in and reviewed, and only need to be sent."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("make_keys")
    made = make_stage(None, bidders=count)
    cycle = SourcingCycle(made, Meter().measure, lines=2)
    today = database_clock()
    rfq = cycle.published(cycle.requested(today), closes_at=today + timedelta(days=10))
    by_supplier = {one.supplier_id: one for one in Invitation.objects.filter(rfq=rfq)}
    return [_form(bidder, by_supplier[bidder.supplier.pk]) for bidder in made.bidders]


def _form(bidder, invitation):
    visitor = Visitor(user=bidder.user)
    page = visitor.open(reverse("portal:bid", args=[invitation.public_id]))
    prices = [name for name in page.form_to("portal:bid").values if name.startswith("unit_price")]
    page = visitor.send("portal:bid", ("review", "1"), **dict.fromkeys(prices, "12.50"))
    form = page.form_to("portal:submit")
    return {
        "supplier": bidder.supplier.pk,
        "path": reverse("portal:submit", args=[invitation.public_id]),
        "session": visitor.client.cookies[settings.SESSION_COOKIE_NAME].value,
        "values": {name: values[0] for name, values in form.values.items()},
    }


def judge():
    """What is stored, and whether it is sound."""
    while events.link_events():
        pass
    versions = BidVersion.objects.select_related("bid")
    return {
        "receipts": {
            reverse("portal:receipt", args=[one.bid.public_id, one.number]): one.bid.supplier_id
            for one in versions
        },
        "versions": len(versions),
        "violations": [str(one) for one in invariants.violations()],
        "findings": [str(one) for one in audit.verify().findings],
    }


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        answer = stage(int(sys.argv[2])) if sys.argv[1] == "stage" else judge()
    print(json.dumps(answer))

"""What keeps an award from being cancelled once a contract was made of it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from contracts.agreements.models import Contract
from procurement.evaluation.models import Award


def contract_in_the_way(award: Award) -> str:
    """The contract that was drafted from this award and not given up, in words; nothing where there is none."""
    live = Contract.objects.filter(award=award).exclude(status=Contract.Status.CANCELLED)
    contract = live.order_by("pk").first()
    if contract is None:
        return ""
    words = {"number": contract.number, "status": contract.status_label}
    return _("Contract %(number)s (%(status)s) was made of this award; cancel it first.") % words

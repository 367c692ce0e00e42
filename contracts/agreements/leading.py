"""What an award leads to here: its contracts, and the draft of one where a supplier has none yet."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.agreements.forms import suppliers_without_contract
from contracts.agreements.models import Contract
from contracts.agreements.permissions import can_draft, visible_to
from procurement.accounts.models import User
from procurement.common.onward import Onward
from procurement.evaluation.models import Award


def contracts_of(award: Award, user: User) -> Iterator[Onward]:
    """The contracts that this person may open, then whether another one is to be drafted."""
    if award.status != Award.Status.ACTIVE:
        return
    made = visible_to(user).filter(award=award).exclude(status=Contract.Status.CANCELLED)
    for contract in made.order_by("pk"):
        yield Onward(contract.number, contract.get_absolute_url(), "sign")
    if can_draft(user, "draft", award) and suppliers_without_contract(award):
        yield Onward(
            _("Draft the contract"), reverse("agreements:create", args=[award.pk]), "sign", is_next=True
        )

"""A contract's row under its lock: what it is now, how it changes, and who was faster."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from contracts.agreements.models import Contract
from procurement.accounts.models import User
from procurement.common import events
from procurement.common.errors import AlreadyDone
from procurement.common.figures import moment_text
from procurement.common.models import Event


def locked(contract_id: int) -> Contract:
    """The contract, ours alone, with what its text needs."""
    related = ("award__rfq__preset", "company", "supplier", "template")
    return (
        Contract.objects.select_related(*related)
        .select_for_update(of=("self",), no_key=True)
        .get(pk=contract_id)
    )


def over(contract: Contract) -> AlreadyDone:
    """The race is lost: what became of the contract, by whom and when."""
    last = Event.objects.about(contract).select_related("actor").order_by("-pk").first()
    if last is None:
        return AlreadyDone(_("The contract is “%(status)s” now.") % {"status": contract.status_label})
    return AlreadyDone(
        _("The contract is “%(status)s” now, by %(who)s on %(when)s.")
        % {"status": contract.status_label, "who": last.actor or "–", "when": moment_said(last.at)}
    )


def moment_said(moment: datetime) -> str:
    """A moment in the reader's zone, inside a sentence."""
    return moment_text(timezone.localtime(moment))


def become(contract: Contract, status: str, **values: Any) -> None:
    """Change the row; whoever edits it at the moment finds their copy stale."""
    changes = {"status": status, **values}
    Contract.objects.filter(pk=contract.pk).update(edit_version=F("edit_version") + 1, **changes)
    for name, value in changes.items():
        setattr(contract, name, value)


def record(
    verb: str,
    contract: Contract,
    *,
    actor: User | None,
    at: datetime,
    facts: dict[str, Any] | None = None,
    content_hash: str = "",
) -> None:
    """Record a change of the contract."""
    events.record(
        verb,
        subject=contract,
        actor=actor,
        at=at,
        rfq_id=contract.award.rfq_id,
        facts={"number": contract.number, **(facts or {})},
        content_hash=content_hash,
    )

"""The first rules of an installation: the chains that most begin with, as a draft to be changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common.clock import Clock, database_clock
from procurement.organization.models import Company, Role
from workflows.approvals import rulebook
from workflows.approvals.models import DocumentType, RuleSet, RuleStage
from workflows.approvals.ruledata import RuleData, StageData

LARGE = Decimal(50_000)  # net; whoever edits the draft knows better
REMIND_AFTER = 2  # working days

MANAGER = StageData(approver=RuleStage.Approver.MANAGER, remind_after=REMIND_AFTER)
CATEGORY_MANAGER = StageData(role=Role.CATEGORY_MANAGER, remind_after=REMIND_AFTER)
FINANCE = StageData(role=Role.FINANCE, remind_after=REMIND_AFTER)
THEN_FINANCE = StageData(role=Role.FINANCE, remind_after=REMIND_AFTER, position=2)


@transaction.atomic
def usual_draft(*, actor: User, clock: Clock = database_clock) -> RuleSet:
    """A draft with the usual chains, in the currency that the group buys in. Raises NotAllowed."""
    draft = rulebook.new_draft(actor=actor, clock=clock)
    companies = Company.objects.filter(is_active=True).order_by("pk")
    currency = companies.values_list("currency", flat=True).first() or draft.base_currency
    said: dict[str, Any] = {"rule_set_id": draft.pk, "actor": actor, "clock": clock}
    rulebook.save_frame(frame=rulebook.Frame(base_currency=currency), edit_version=draft.edit_version, **said)
    draft.refresh_from_db()
    rulebook.replace_rules(rules=usual_rules(currency), edit_version=draft.edit_version, **said)
    draft.refresh_from_db()
    return draft


def usual_rules(currency: str) -> list[RuleData]:
    """Managers agree to requests and category managers to purchases; finance to what is large, and to contracts."""
    kinds = DocumentType
    return [
        RuleData(name=_("Small requests"), document_type=kinds.REQUISITION, currency=currency, amount_below=LARGE, stages=(MANAGER,)),
        RuleData(name=_("Large requests"), document_type=kinds.REQUISITION, currency=currency, amount_from=LARGE, stages=(MANAGER, THEN_FINANCE)),
        RuleData(name=_("Every RFQ"), document_type=kinds.RFQ, currency=currency, stages=(CATEGORY_MANAGER,)),
        RuleData(name=_("Small awards"), document_type=kinds.AWARD, currency=currency, amount_below=LARGE, stages=(CATEGORY_MANAGER,)),
        RuleData(name=_("Large awards"), document_type=kinds.AWARD, currency=currency, amount_from=LARGE, stages=(CATEGORY_MANAGER, THEN_FINANCE)),
        RuleData(name=_("Every contract"), document_type=kinds.CONTRACT, currency=currency, stages=(FINANCE,)),
    ]  # fmt: skip

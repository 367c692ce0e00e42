"""Amounts that the rules themselves set apart: decided by mail below one, with the password again from another on."""

from __future__ import annotations

from decimal import Decimal

from workflows.approvals.models import ApprovalCase, RuleRate


def amount_in_base(case: ApprovalCase) -> Decimal | None:
    """The case's amount in the base currency of its rules; nothing where it is not known or cannot be valued."""
    rules = case.rule_set
    if rules is None or not case.facts.get("estimated", True):
        return None
    if case.currency == rules.base_currency:
        amount: Decimal = case.amount
        return amount
    rate = (
        RuleRate.objects.filter(rule_set=rules, currency=case.currency).values_list("rate", flat=True).first()
    )
    return None if rate is None else case.amount * rate


def needs_fresh_login(case: ApprovalCase) -> bool:
    """Whether approving asks for the password again; an amount that is not known is above every limit."""
    if case.rule_set is None or case.rule_set.fresh_login_from is None:
        return False
    amount = amount_in_base(case)
    return amount is None or amount >= case.rule_set.fresh_login_from


def may_decide_by_mail(case: ApprovalCase) -> bool:
    """Whether a link in a mail may take the decision."""
    if case.rule_set is None or case.rule_set.mail_link_below is None:
        return False
    amount = amount_in_base(case)
    return amount is not None and amount < case.rule_set.mail_link_below

"""How a contract looks on pages: trail, facts, clauses, signatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contracts.agreements import content
from contracts.agreements.models import Contract, Signature
from contracts.agreements.permissions import signers_of, supplier_signers
from contracts.agreements.signing import Signable
from contracts.agreements.states import moment_said
from procurement.accounts.models import User
from procurement.common.components import Fact, Step, Turn
from procurement.common.errors import RuleViolation
from procurement.common.figures import date_text, listed, money_text

Status = Contract.Status
NAMED = 3  # people who may sign
ENDED = {Status.CANCELLED, Status.TERMINATED}
ORDER = (Status.DRAFT, Status.IN_APPROVAL, Status.PENDING_SIGNATURE, Status.ACTIVE, Status.COMPLETED)


@dataclass(frozen=True, slots=True)
class Text:
    """A contract's clauses as they are, or would be if they were sent now; or what stands in the way."""

    clauses: list[dict[str, Any]]
    refusal: str = ""
    frozen: bool = False


def trail(contract: Contract) -> list[Step]:
    """Draft, in approval, to be signed, active, completed; one that ended otherwise stops there."""
    status = Status(contract.status)
    if status in ENDED:
        return [Step(_("Draft"), "done"), Step(status.label, "now", contract.status_reason[:60])]
    reached = 0 if contract.is_editable else ORDER.index(status)
    labels = [status.label if reached == 0 else _("Draft"), *(one.label for one in ORDER[1:])]
    return [
        Step(label, "done" if place < reached else "now" if place == reached else "later")
        for place, label in enumerate(labels)
    ]


def meta(contract: Contract) -> list[str]:
    """What stands under the title."""
    version = _("version %(number)d") % {"number": contract.version} if contract.version else ""
    return [str(contract.supplier.full_label), str(contract.company.label), version]


def facts(contract: Contract, *, lines: int) -> list[Fact]:
    """The strip of figures."""
    currency = contract.currency
    return [
        Fact(
            _("Contract price, with tax"),
            money_text(contract.gross, currency),
            _("%(net)s net") % {"net": money_text(contract.net, currency)},
        ),
        Fact(_("Lines"), lines),
        Fact(_("Period"), period(contract), renewal(contract)),
        Fact(_("Warranty"), _("%(months)d months") % {"months": contract.warranty_months}),
    ]


def terms(contract: Contract) -> list[Fact]:
    """The terms in a column."""
    return [
        Fact(_("Delivery"), contract.delivery_terms or "–"),
        Fact(_("Payment"), contract.payment_terms or "–"),
        Fact(_("Template"), str(contract.template)),
        Fact(_("Language"), contract.get_language_display()),
        Fact(_("Drafted by"), contract.manager),
    ]


def period(contract: Contract) -> str:
    """From and to, as far as they are settled."""
    days = [date_text(day) for day in (contract.starts_on, contract.ends_on) if day]
    return " – ".join(days) or _("from signature")


def renewal(contract: Contract) -> str:
    """What is to become of it at its end, or from when somebody has to say so."""
    if contract.renewal:
        return f"{contract.get_renewal_display()}. {contract.renewal_note}".strip(" .")
    if contract.notice_on is None:
        return ""
    return _("renewal to be decided from %(day)s") % {"day": date_text(contract.notice_on)}


def text(contract: Contract, signable: Signable | None, *, at: datetime) -> Text:
    """The frozen text of the latest version, or the draft's as it stands."""
    if signable is not None and not contract.is_editable:
        return Text(signable.version.content["clauses"], frozen=True)
    if not contract.is_editable and contract.version:
        version = contract.versions.get(number=contract.version)
        return Text(version.content["clauses"], frozen=True)
    try:
        return Text(content.preview_of(contract, at=at)["clauses"])
    except RuleViolation as refusal:
        return Text([], str(refusal))


def signatures(contract: Contract, signable: Signable | None, *, to_supplier: bool = False) -> list[Turn]:
    """Both sides, signed or not; in whatever order they sign. A supplier reads nothing of who may sign for us."""
    if signable is None:
        return []
    theirs = _turn(contract.supplier.full_label, signable.of("supplier"))
    ours = _turn(contract.company.label, signable.of("buyer"))
    if signable.of("supplier") is None:
        theirs = replace(theirs, note=_who_signs(supplier_signers(contract), _missing_there(to_supplier)))
    if signable.of("buyer") is None and not to_supplier:
        missing = _("Nobody here may: a contract manager or approver who did not draft it is missing.")
        ours = replace(ours, note=_who_signs(signers_of(contract), missing))
    return [theirs, ours]


def _missing_there(to_supplier: bool) -> str:
    if to_supplier:
        return _("Nobody of your company may sign yet. Ask the buyer for the role Signer.")
    return _("Nobody there may sign: give somebody the role Signer on the supplier's page.")


def _who_signs(people: Sequence[User], missing: str) -> str:
    """Whose turn it is on one side, or what is missing there."""
    return _("May sign: %(people)s") % {"people": listed(people, most=NAMED)} if people else missing


def _turn(side: str, signature: Signature | None) -> Turn:
    if signature is None:
        return Turn(name=side, role=_("not signed yet"), state="now")
    if signature.confirmed_at is None:
        words = {"who": signature.signer, "when": moment_said(signature.signed_at)}
        return Turn(
            name=signature.signer_name,
            role=side,
            note=_("on paper; %(who)s uploaded the scan on %(when)s, it is being checked") % words,
            state="now",
        )
    how = (
        _("signed in the system on %(when)s") % {"when": moment_said(signature.signed_at)}
        if signature.method == Signature.Method.DOOR
        else _("signed on paper; scan confirmed by %(who)s on %(when)s")
        % {"who": signature.confirmed_by, "when": moment_said(signature.confirmed_at)}
    )
    return Turn(name=signature.signer_name, role=side, note=how, state="done")

"""The list of contracts, and one contract: its text, its lines, its history."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.generic import TemplateView, View

from contracts.agreements import content, history, presentation
from contracts.agreements.lists import CONTRACTS
from contracts.agreements.models import Contract, Signature
from contracts.agreements.permissions import awards_for, can
from contracts.agreements.services import facts_of
from contracts.agreements.signing import Signable, signable_now
from contracts.agreements.views.base import OneContract, crumbs_to
from procurement.common import documents, files
from procurement.common.clock import database_clock
from procurement.common.errors import RuleViolation
from procurement.common.listings.pages import ListPage
from procurement.common.onward import onward_of
from procurement.common.views import Policy
from workflows.approvals.chain import chain_of, preview
from workflows.approvals.models import DocumentType

ACTIONS = (
    "edit",
    "submit",
    "withdraw",
    "recall",
    "cancel",
    "sign",
    "upload_scan",
    "confirm_scan",
    "order",
    "renew",
)


class ContractList(ListPage):
    """Contracts that this person may see, the latest first."""

    policy = Policy.STAFF
    listing = CONTRACTS
    template_name = "agreements/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One page of them, and how many awards wait for one."""
        context = super().get_context_data(**kwargs)
        today = timezone.localdate()
        return {
            **context,
            "due": {row.pk for row in context["page"].rows if row.renewal_is_due(today)},
            "waiting": 0 if context["narrowed"] else _awards_without_contract(self.request.user),
        }


def _awards_without_contract(user: Any) -> int:
    """How many awards wait for a contract, counted no further than a page is long."""
    return awards_for(user).filter(contracts__isnull=True).order_by()[:21].count()


class ContractTab(OneContract, TemplateView):
    """One tab of a contract's page."""

    tab = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The head, and what may be done now."""
        contract = self.contract
        may = {action: can(self.user, action, contract) for action in ACTIONS}
        return super().get_context_data(
            contract=contract,
            tab=self.tab,
            may=may,
            crumbs=crumbs_to(None),
            trail=presentation.trail(contract),
            meta=presentation.meta(contract),
            **kwargs,
        )


class ShowContract(ContractTab):
    """Its text, its PDF, its approval, its signatures."""

    template_name = "agreements/detail.html"
    tab = "contract"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Everything about it, in a fixed number of statements."""
        contract = self.contract
        signable = signable_now(contract)
        signed = contract.status == Contract.Status.ACTIVE
        context = super().get_context_data(
            facts=presentation.facts(contract, lines=contract.lines.count()),
            terms=presentation.terms(contract),
            text=presentation.text(contract, signable, at=database_clock()),
            signable=signable,
            signatures=presentation.signatures(contract, signable),
            signature_page=documents.find("signature_page", contract, version=contract.version)
            if signed
            else None,
            chain=chain_of(DocumentType.CONTRACT, contract.pk) if contract.round else [],
            asked=self._asked(contract),
            onward=onward_of(contract, self.user),
            **kwargs,
        )
        context["next"] = _next(context["may"], signable, self.user.pk)
        return context

    def _asked(self, contract: Contract) -> dict[str, Any]:
        """Who will be asked if the draft is sent now (F110)."""
        if not contract.is_editable:
            return {}
        try:
            return {"turns": preview(facts_of(contract, contract.manager), at=database_clock())}
        except RuleViolation as refusal:
            return {"refusal": str(refusal)}


def _next(may: dict[str, bool], signable: Signable | None, user_id: int) -> str:
    """The one filled button."""
    rows = signable.signatures if signable else []
    scans = [one for one in rows if one.confirmed_at is None]
    if may["confirm_scan"] and scans and all(one.signer_id != user_id for one in scans):
        return "confirm_scan"
    if may["sign"] and not any(one.side == Signature.Side.BUYER for one in rows):
        return "sign"
    return "submit" if may["submit"] else ""


class ContractLines(ContractTab):
    """What is bought under it."""

    template_name = "agreements/lines.html"
    tab = "lines"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """All lines."""
        return super().get_context_data(lines=content.lines_of(self.contract), **kwargs)


class ContractHistory(ContractTab):
    """What happened to it, and its versions."""

    template_name = "agreements/history.html"
    tab = "history"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Events and versions."""
        versions = self.contract.versions.select_related("created_by").defer("content").order_by("-number")
        return super().get_context_data(
            history=history.entries_of(self.contract), versions=versions, **kwargs
        )


class ShowScan(OneContract, View):
    """The uploaded scan itself."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As a download."""
        rows = Signature.objects.select_related("scan").filter(
            version__contract=self.contract, scan__public_id=kwargs["public_id"]
        )
        found = rows.first()
        if found is None or found.scan is None:
            raise Http404
        return files.serve(found.scan)

"""A supplier's contracts: read them, sign them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from contracts.agreements import content, presentation
from contracts.agreements.models import Contract, Signature
from contracts.agreements.permissions import supplier_can, supplier_contracts
from contracts.agreements.signing import signable_now
from contracts.agreements.views.acts import Signing
from procurement.common import documents
from procurement.common.components import Crumb
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin, ScopedMixin


class ContractList(PolicyMixin, TemplateView):
    """All contracts of one's company, the latest first."""

    policy = Policy.SUPPLIER
    template_name = "portal/contracts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """By keys."""
        rows = supplier_contracts(self.request.user).select_related("company")
        return super().get_context_data(page=page_of(rows, self.request), **kwargs)


class OneContract(ScopedMixin):
    """A page about one contract of one's own company."""

    policy = Policy.SUPPLIER
    scope = supplier_contracts
    can = supplier_can
    action = "view"
    lookup = "public_id"

    @cached_property
    def contract(self) -> Contract:
        """The contract, read once."""
        rows = self.get_queryset().select_related("company", "supplier", "award__rfq", "template", "manager")
        found: Contract = self.get_object(rows)
        return found

    def address(self) -> str:
        """Its page."""
        return reverse("portal:contract", args=[self.contract.public_id])

    def subject(self) -> Contract:
        """The contract."""
        return self.contract

    def back_url(self) -> str:
        """Its page in this door."""
        return self.address()

    def crumbs(self) -> list[Crumb]:
        """Contracts › this one."""
        return [
            Crumb(_("Contracts"), reverse("portal:contracts")),
            Crumb(self.contract.number, self.address()),
        ]


class ShowContract(OneContract, TemplateView):
    """Its PDF, its lines, its signatures; nothing of how we decided."""

    template_name = "portal/contract.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A fixed number of statements."""
        contract = self.contract
        signable = signable_now(contract)
        mine = signable.of(Signature.Side.SUPPLIER) if signable else None
        active = contract.status == Contract.Status.ACTIVE
        return super().get_context_data(
            contract=contract,
            crumbs=[Crumb(_("Contracts"), reverse("portal:contracts"))],
            trail=presentation.trail(contract)[2:],
            facts=presentation.facts(contract, lines=contract.lines.count()),
            lines=content.lines_of(contract),
            signable=signable,
            signatures=presentation.signatures(contract, signable, to_supplier=True),
            signature_page=documents.find("signature_page", contract, version=contract.version)
            if active
            else None,
            may_sign=mine is None and supplier_can(self.request.user, "sign", contract),
            **kwargs,
        )


class SignContract(OneContract, Signing):
    """The supplier signs, after a fresh log-in."""

    action = "sign"
    side = Signature.Side.SUPPLIER


CONTRACTS = [
    path("contracts/", ContractList.as_view(), name="contracts"),
    path("contracts/<uuid:public_id>/", ShowContract.as_view(), name="contract"),
    path("contracts/<uuid:public_id>/sign/", SignContract.as_view(), name="sign_contract"),
]

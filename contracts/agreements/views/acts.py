"""What is done with one contract, each on a page that asks once more."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.agreements import previews, services
from contracts.agreements.acts import Act
from contracts.agreements.forms import DraftForm, RenewalForm, ScanForm, SignForm, suppliers_without_contract
from contracts.agreements.models import Contract, Signature
from contracts.agreements.permissions import awards_for, can_draft
from contracts.agreements.signing import Signable, signable_now
from contracts.agreements.views.base import ContractAct, OneContract, crumbs_to
from procurement.accounts.freshness import FreshLoginMixin
from procurement.common.clock import database_clock
from procurement.common.components import Crumb
from procurement.common.errors import RuleViolation
from procurement.common.figures import date_text
from procurement.common.forms import ReasonForm
from procurement.common.views import Policy, ScopedMixin
from procurement.evaluation.models import Award
from workflows.approvals.chain import preview
from workflows.approvals.models import DocumentType
from workflows.approvals.questions import AnswersQuestion


class CreateContract(ScopedMixin, Act):
    """Draft a contract out of an award (F106)."""

    policy = Policy.STAFF
    scope, can = staticmethod(awards_for), staticmethod(can_draft)
    action = "draft"
    form_class = DraftForm
    title = gettext_lazy("Draft the contract")
    button = gettext_lazy("Draft the contract")
    done = gettext_lazy("Here is the draft. Settle its terms, then send it for approval.")

    def subject(self) -> Award:
        """The award."""
        if not hasattr(self, "_award"):
            self._award = cast(Award, self.get_object())
        return self._award

    def get_queryset(self) -> Any:
        """With its RFQ."""
        return super().get_queryset().select_related("rfq")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Where every supplier has its contract already, there is nothing to draft: back to the award."""
        if not suppliers_without_contract(self.subject()):
            messages.info(request, _("Every supplier of this award has its contract."))
            return redirect("evaluation:award", pk=self.subject().pk)
        return super().get(request, *args, **kwargs)

    def back_url(self) -> str:
        """To the contracts."""
        return str(crumbs_to(None)[0].url)

    def crumbs(self) -> list[Crumb]:
        """Contracts › from award."""
        return [*crumbs_to(None), Crumb(self.subject().number)]

    def get_form_kwargs(self) -> dict[str, Any]:
        """The award says who is to be contracted with."""
        return {**super().get_form_kwargs(), "award": self.subject()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What it is about."""
        self.text = self.subject().rfq.title
        return super().get_context_data(**kwargs)

    def act(self, form: Any) -> HttpResponse:
        """To the terms."""
        contract = services.draft_from_award(
            award_id=self.subject().pk,
            supplier_id=form.cleaned_data["supplier"],
            template=form.cleaned_data["template"],
            actor=self.user,
        )
        return redirect("agreements:edit", pk=contract.pk)


class SubmitContract(AnswersQuestion, ContractAct):
    """Freeze the text and ask for approval."""

    action = "submit"
    template_name = "agreements/submit.html"
    title = button = gettext_lazy("Send for approval")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The chain before it starts (F110), or why it could not start."""
        try:
            asked, refusal = preview(services.facts_of(self.contract, self.user), at=database_clock()), ""
        except RuleViolation as missing:
            asked, refusal = [], str(missing)
        if not asked and not refusal:
            self.title = self.button = gettext_lazy("Send for signature")
        return super().get_context_data(contract=self.contract, chain=asked, refusal=refusal, **kwargs)

    def document(self) -> tuple[str, int]:
        """A contract."""
        return DocumentType.CONTRACT, self.contract.pk

    def act(self, form: Any) -> HttpResponse:
        """Sent; below every limit it goes straight to signature."""
        contract = services.submit(contract_id=self.contract.pk, actor=self.user, answer=form.said)
        previews.forget(contract)
        contract.refresh_from_db(fields=["status"])
        straight = contract.status == Contract.Status.PENDING_SIGNATURE
        self.done = (
            _("Nobody had to be asked. The contract is printed and can be signed.")
            if straight
            else _("%(number)s was sent for approval.") % {"number": contract.number}
        )
        return redirect(contract)


class WithdrawContract(ContractAct):
    """Take it back out of approval."""

    action = "withdraw"
    title = button = gettext_lazy("Take back")
    text = gettext_lazy(
        "The people who were asked no longer need to decide. You can change the contract and send it again."
    )
    done = gettext_lazy("Taken back. It is a draft again.")

    def act(self, form: Any) -> HttpResponse:
        """A draft again."""
        services.withdraw(contract_id=self.contract.pk, actor=self.user)
        return redirect(self.contract)


class RecallContract(ContractAct):
    """Back to the draft while it is being signed."""

    action = "recall"
    form_class = ReasonForm
    title = button = gettext_lazy("Return to draft")
    text = gettext_lazy(
        "Signatures of this version will not count. The changed contract becomes a new version."
    )
    done = gettext_lazy("Returned to draft.")

    def act(self, form: Any) -> HttpResponse:
        """A draft again."""
        services.recall(contract_id=self.contract.pk, reason=form.cleaned_data["reason"], actor=self.user)
        return redirect(self.contract)


class CancelContract(ContractAct):
    """Give it up; it stays in the record."""

    action = "cancel"
    form_class = ReasonForm
    title = button = gettext_lazy("Cancel the contract")
    text = gettext_lazy("It can no longer be signed. The award may then be contracted for anew.")
    done = gettext_lazy("The contract is cancelled.")
    danger = True

    def act(self, form: Any) -> HttpResponse:
        """Over."""
        services.cancel(contract_id=self.contract.pk, reason=form.cleaned_data["reason"], actor=self.user)
        return redirect(self.contract)


class DecideRenewal(ContractAct):
    """Before it ends: renew it or let it run out (F122)."""

    action = "renew"
    template_name = "common/form.html"
    form_class = RenewalForm
    title = gettext_lazy("Decide on the renewal")
    button = gettext_lazy("Decide")
    done = gettext_lazy("The decision is recorded.")

    def get_initial(self) -> dict[str, Any]:
        """As it was decided before."""
        return {"decision": self.contract.renewal, "note": self.contract.renewal_note}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """When it ends."""
        ends = date_text(self.contract.ends_on) if self.contract.ends_on else "–"
        self.text = _("The contract ends on %(day)s.") % {"day": ends}
        return super().get_context_data(contract=self.contract, **kwargs)

    def act(self, form: Any) -> HttpResponse:
        """Recorded; it may be said anew."""
        services.decide_renewal(contract_id=self.contract.pk, actor=self.user, **form.cleaned_data)
        return redirect(self.contract)


class Signing(FreshLoginMixin, Act):
    """A page that signs the PDF it shows, after a fresh log-in; both doors have one."""

    template_name = "agreements/sign.html"
    form_class = SignForm
    title = button = gettext_lazy("Sign the contract")
    done = gettext_lazy("Signed.")
    side: str = Signature.Side.BUYER

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Whoever may not sign this is told so before being asked to log in again."""
        self.subject()
        return super().dispatch(request, *args, **kwargs)

    def signable(self) -> Signable:
        """The version and the PDF that the page shows."""
        if not hasattr(self, "_signable"):
            found = signable_now(self.subject())
            if found is None:
                raise Http404
            self._signable = found
        return self._signable

    def get_initial(self) -> dict[str, Any]:
        """What is read is what is signed."""
        signable = self.signable()
        stored = signable.rendering.file
        return {
            "version_number": signable.version.number,
            "pdf_sha256": stored.sha256 if stored else "",
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The PDF, and for whom one signs."""
        contract = self.subject()
        names = {"buyer": contract.company.name, "supplier": contract.supplier.name}
        return super().get_context_data(
            contract=contract, signable=self.signable(), party=names[self.side], **kwargs
        )

    def act(self, form: Any) -> HttpResponse:
        """Signed, and active if the other side has signed already."""
        services.sign(
            contract_id=self.subject().pk,
            version_number=form.cleaned_data["version_number"],
            pdf_sha256=form.cleaned_data["pdf_sha256"],
            side=self.side,
            actor=self.user,
        )
        return redirect(self.back_url())


class SignContract(OneContract, Signing):
    """We sign."""

    action = "sign"

    def crumbs(self) -> list[Crumb]:
        """Contracts › this one › sign."""
        return crumbs_to(self.contract, self.title)


class UploadScan(ContractAct):
    """Keep the countersigned paper."""

    action = "upload_scan"
    template_name = "common/form.html"
    form_class = ScanForm
    title = gettext_lazy("Upload the countersigned scan")
    button = gettext_lazy("Upload")
    text = gettext_lazy(
        "For sides that signed the printed PDF by hand. A second person compares the scan with the PDF before it counts."
    )
    done = gettext_lazy("The scan is stored. Somebody else must confirm it.")

    def signable(self) -> Signable:
        """What was signed."""
        found = signable_now(self.contract)
        if found is None:
            raise Http404
        return found

    def get_form_kwargs(self) -> dict[str, Any]:
        """Names are asked for the sides that have not signed in the system."""
        signable = self.signable()
        missing = {side for side in Signature.Side.values if signable.of(side) is None}
        initial = {"version_number": signable.version.number}
        return {**super().get_form_kwargs(), "missing": missing, "initial": initial}

    def act(self, form: Any) -> HttpResponse:
        """Stored and waiting."""
        services.upload_scan(
            contract_id=self.contract.pk,
            version_number=form.cleaned_data["version_number"],
            upload=form.cleaned_data["scan"],
            names=form.names(),
            actor=self.user,
        )
        return redirect(self.contract)


class ConfirmScan(ContractAct):
    """A second person has compared the scan with the PDF."""

    action = "confirm_scan"
    template_name = "agreements/confirm_scan.html"
    title = gettext_lazy("Confirm the scan")
    button = gettext_lazy("The scan is this contract, signed by both")
    done = gettext_lazy("The scan is confirmed.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The scan beside the PDF."""
        signable = signable_now(self.contract)
        waiting = [one for one in (signable.signatures if signable else []) if one.confirmed_at is None]
        return super().get_context_data(contract=self.contract, signable=signable, waiting=waiting, **kwargs)

    def act(self, form: Any) -> HttpResponse:
        """It counts."""
        services.confirm_scan(contract_id=self.contract.pk, actor=self.user)
        return redirect(self.contract)


class RefuseScan(ContractAct):
    """The scan is not the signed contract."""

    action = "confirm_scan"
    form_class = ReasonForm
    title = button = gettext_lazy("Refuse the scan")
    text = gettext_lazy("It will count for nothing; another scan may be uploaded.")
    done = gettext_lazy("The scan is refused.")
    danger = True

    def act(self, form: Any) -> HttpResponse:
        """It does not count."""
        services.refuse_scan(
            contract_id=self.contract.pk, reason=form.cleaned_data["reason"], actor=self.user
        )
        return redirect(self.contract)

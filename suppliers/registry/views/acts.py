"""What is done with a supplier: invite, verify, block, lift a block, end a user's access."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import FormView

from procurement.common.clock import database_clock
from procurement.common.components import Text
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.forms import ConfirmForm, ReasonForm, add_refusal
from suppliers.registry import services
from suppliers.registry.forms import BlockForm, InviteForm
from suppliers.registry.mail import send_invitation
from suppliers.registry.models import Membership, ProcessBlock, UserInvitation
from suppliers.registry.views.pages import SupplierPage, person_of


def send_and_say(request: HttpRequest, invitation: UserInvitation, token: str) -> None:
    """The mail goes out with the answer, which says whether it did."""
    try:
        send_invitation(invitation, token)
    except OSError:
        messages.error(request, _("The mail could not be sent. Check the address and invite again."))
        return
    messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": invitation.email})


class InviteUser(SupplierPage, FormView[InviteForm]):
    """Invite somebody to act for the supplier."""

    action = "invite_user"
    form_class = InviteForm
    template_name = "common/form.html"

    def get_initial(self) -> dict[str, Any]:
        """A supplier's first user keeps the others."""
        is_first = not self.supplier.members.filter(is_active=True).exists()
        return {"role": Membership.Role.ADMIN} if is_first else {}

    def form_valid(self, form: InviteForm) -> HttpResponse:
        try:
            invitation, token = services.invite_user(
                supplier_id=self.supplier.pk, actor=person_of(self.request), **form.cleaned_data
            )
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        send_and_say(self.request, invitation, token)
        return redirect(self.address())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **self.frame(),
            title=_("Invite a user"),
            text=_("They act for %(name)s only. The link leads to log-in and shows nothing by itself.")
            % {"name": self.supplier.name},
            action_label=_("Send invitation"),
            **kwargs,
        )


class Confirm(SupplierPage, FormView[Any]):
    """A page that asks once more before a supplier's standing changes."""

    form_class: type[Form] = ReasonForm
    template_name = "common/confirm.html"
    title: ClassVar[Text]
    text: ClassVar[Text]
    label: ClassVar[Text]
    done: ClassVar[Text]
    danger: ClassVar[bool] = False

    def act(self, form: Any) -> None:
        """Tell the service."""
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            self.act(form)
        except AlreadyDone:
            raise
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, str(self.done))
        return redirect(self.address())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = {"title": self.title, "text": self.text, "action_label": self.label, "danger": self.danger}
        return super().get_context_data(**self.frame(), **words, **kwargs)


class Verify(Confirm):
    """Say that we have checked who this is."""

    action = "verify"
    form_class = ConfirmForm
    title = lazy("Verify this supplier")
    text = lazy("Compare licence, registration number and bank with their originals first.")
    label = lazy("Verify")
    done = lazy("Verified.")

    def act(self, form: ConfirmForm) -> None:
        services.verify(supplier_id=self.supplier.pk, actor=person_of(self.request))


class Block(Confirm):
    """Keep a supplier from being asked again."""

    action = "block"
    title = lazy("Block this supplier")
    text = lazy("It cannot be invited to RFQs until somebody unblocks it. What is under way goes on.")
    label = lazy("Block")
    done = lazy("Blocked.")
    danger = True

    def act(self, form: ReasonForm) -> None:
        services.block(
            supplier_id=self.supplier.pk, reason=form.cleaned_data["reason"], actor=person_of(self.request)
        )


class Unblock(Confirm):
    """Let a supplier be asked again."""

    action = "unblock"
    title = lazy("Unblock this supplier")
    text = lazy("It can be invited to RFQs again.")
    label = lazy("Unblock")
    done = lazy("Unblocked.")

    def act(self, form: ReasonForm) -> None:
        services.unblock(
            supplier_id=self.supplier.pk, reason=form.cleaned_data["reason"], actor=person_of(self.request)
        )


class SetBlock(SupplierPage, FormView[BlockForm]):
    """Warn of a supplier, or keep it out, in one process."""

    action = "set_block"
    form_class = BlockForm
    template_name = "common/form.html"

    def get_initial(self) -> dict[str, Any]:
        """From today."""
        return {"starts_on": timezone.localdate(database_clock()), "effect": ProcessBlock.Effect.WARN}

    def form_valid(self, form: BlockForm) -> HttpResponse:
        """It stands at once."""
        try:
            services.set_block(
                supplier_id=self.supplier.pk, actor=person_of(self.request), **form.cleaned_data
            )
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, _("Everybody who invites, awards or orders sees it there."))
        return redirect(self.address())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **self.frame(),
            title=_("Warn or keep out"),
            text=_(
                "A warning is shown where one acts; “prevent” refuses the act. What is under way goes on."
            ),
            action_label=_("Set it"),
            **kwargs,
        )


class BlockAct(Confirm):
    """An act on one block of the supplier; 404 for another's."""

    action = "set_block"

    @property
    def block_id(self) -> int:
        """The block of the address."""
        return get_object_or_404(self.supplier.process_blocks, pk=self.kwargs["block"]).pk

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.block_id  # noqa: B018 - another supplier's is not found
        return super().get_context_data(**kwargs)


class AskToLift(BlockAct):
    """Say why a block should go."""

    title = lazy("Ask to lift the block")
    text = lazy("Another person must confirm it. Until then the block stands.")
    label = lazy("Ask")
    done = lazy("Another person can confirm it now.")

    def act(self, form: ReasonForm) -> None:
        services.ask_to_lift(
            block_id=self.block_id, reason=form.cleaned_data["reason"], actor=person_of(self.request)
        )


class Lift(BlockAct):
    """Confirm as a second person."""

    form_class = ConfirmForm
    title = lazy("Lift the block")
    text = lazy("You confirm, as the second person, that this supplier may take part again.")
    label = lazy("Lift")
    done = lazy("Lifted.")

    def act(self, form: ConfirmForm) -> None:
        services.lift(block_id=self.block_id, actor=person_of(self.request))


class KeepBlock(BlockAct):
    """The block stays."""

    form_class = ConfirmForm
    title = lazy("Keep the block")
    text = lazy("The request to lift it is turned down. The block stands.")
    label = lazy("Keep it")
    done = lazy("The block stands.")

    def act(self, form: ConfirmForm) -> None:
        services.keep(block_id=self.block_id, actor=person_of(self.request))

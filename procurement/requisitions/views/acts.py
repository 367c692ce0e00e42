"""What is done with one request, each on a page that asks once more."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, View

from procurement.common import files
from procurement.common.clock import database_clock
from procurement.common.components import Turn
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.forms import ConfirmForm, ReasonForm, add_refusal
from procurement.requisitions import services
from procurement.requisitions.forms import DocumentForm, TemplateForm
from procurement.requisitions.models import Requisition, RequisitionDocument
from procurement.requisitions.views.base import OneRequisition, back_to, crumbs_to
from workflows.approvals.chain import preview


class Act(OneRequisition, FormView[Any]):
    """One service call behind one button; a refusal is shown, a lost race says how it stands."""

    template_name = "common/confirm.html"
    form_class: type[forms.Form] = ConfirmForm
    title: Any = ""
    text: Any = ""
    button: Any = ""
    done: Any = ""
    danger = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The page that asks once more."""
        requisition = self.requisition
        shown = {"title": self.title, "text": self.text, "action_label": self.button, "danger": self.danger}
        return super().get_context_data(
            **shown, crumbs=crumbs_to(requisition, self.title), **back_to(self.request, requisition), **kwargs
        )

    def form_valid(self, form: Any) -> HttpResponse:
        """Act, then go where it leads."""
        self.requisition  # noqa: B018  what may not be done is not found
        try:
            target = self.act(form)
        except AlreadyDone as refusal:
            return self.was_faster(refusal)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, str(self.done))
        return target

    def act(self, form: Any) -> HttpResponse:
        """The service call, and the page after it."""
        raise NotImplementedError


class SubmitRequisition(Act):
    """Look at who will be asked, then send."""

    action = "submit"
    template_name = "requisitions/submit.html"
    title = gettext_lazy("Send for approval")
    button = gettext_lazy("Send for approval")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The chain before it starts (F110), or why it could not start."""
        chain, refusal = self._chain()
        return super().get_context_data(chain=chain, refusal=refusal, **kwargs)

    def _chain(self) -> tuple[list[Turn], str]:
        facts = services.facts_of(self.requisition, self.requisition.lines.all())
        try:
            return preview(facts, at=database_clock()), ""
        except RuleViolation as refusal:
            return [], str(refusal)

    def act(self, form: Any) -> HttpResponse:
        """Sent; below every limit it is approved at once."""
        sent = services.submit(requisition_id=self.requisition.pk, actor=self.user)
        approved = sent.status == Requisition.Status.APPROVED
        words = (
            _("%(number)s is approved: nobody had to be asked.")
            if approved
            else _("%(number)s was sent for approval.")
        )
        self.done = words % {"number": sent.number}
        return redirect(sent)


class WithdrawRequisition(Act):
    """The requester takes it back."""

    action = "withdraw"
    title = button = gettext_lazy("Take back")
    text = gettext_lazy(
        "The people who were asked no longer need to decide. You can change the request and send it again."
    )
    done = gettext_lazy("Taken back. It is a draft again.")

    def act(self, form: Any) -> HttpResponse:
        """A draft again."""
        return redirect(services.withdraw(requisition_id=self.requisition.pk, actor=self.user))


class CancelRequisition(Act):
    """Give it up; it stays in the record."""

    action = "cancel"
    form_class = ReasonForm
    title = button = gettext_lazy("Cancel the request")
    text = gettext_lazy("Nothing will be bought for it. This cannot be undone.")
    done = gettext_lazy("The request is cancelled.")
    danger = True

    def act(self, form: Any) -> HttpResponse:
        """Cancelled, with its reason."""
        reason = form.cleaned_data["reason"]
        return redirect(services.cancel(requisition_id=self.requisition.pk, actor=self.user, reason=reason))


class DeleteRequisition(Act):
    """A draft or template that was never sent."""

    action = "delete"
    title = button = gettext_lazy("Delete the draft")
    text = gettext_lazy("It was never sent to anybody; nothing of it will be left.")
    done = gettext_lazy("Deleted.")
    danger = True

    def act(self, form: Any) -> HttpResponse:
        """Gone."""
        services.delete_draft(requisition_id=self.requisition.pk, actor=self.user)
        return redirect("requisitions:list")


class CopyRequisition(Act):
    """A new draft with the same lines; also how a template is used."""

    action = "copy"
    title = gettext_lazy("New request from this one")
    text = gettext_lazy(
        "You get a draft of your own with the same lines. Need dates keep their distance to today."
    )
    button = gettext_lazy("Make the draft")
    done = gettext_lazy("Here is your draft. Look at quantities and dates.")

    def act(self, form: Any) -> HttpResponse:
        """Straight to where it is changed."""
        made = services.copy(requisition_id=self.requisition.pk, actor=self.user)
        return redirect("requisitions:edit", pk=made.pk)


class KeepTemplate(Act):
    """Keep the lines for the next time."""

    action = "copy"
    form_class = TemplateForm
    title = gettext_lazy("Save as template")
    text = gettext_lazy("You and your department find it under Templates.")
    button = gettext_lazy("Save as template")
    done = gettext_lazy("Saved as a template.")

    def get_initial(self) -> dict[str, Any]:
        """The request's own title."""
        return {"title": self.requisition.title}

    def act(self, form: Any) -> HttpResponse:
        """Among the templates."""
        return redirect(
            services.save_as_template(
                requisition_id=self.requisition.pk, actor=self.user, title=form.cleaned_data["title"]
            )
        )


class AttachDocument(Act):
    """Add a specification or drawing."""

    action = "edit"
    form_class = DocumentForm
    title = gettext_lazy("Add a file")
    text = gettext_lazy("Approvers and purchasing see it; suppliers only if purchasing adds it to the RFQ.")
    button = gettext_lazy("Add")
    done = gettext_lazy("The file was added.")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Its lines may be named."""
        return {**super().get_form_kwargs(), "requisition": self.requisition}

    def act(self, form: Any) -> HttpResponse:
        """Kept, checked and hashed."""
        said = form.cleaned_data
        services.attach(
            requisition_id=self.requisition.pk,
            upload=said["file"],
            title=said["title"],
            line_id=said["line"],
            actor=self.user,
        )
        return redirect(self.requisition)


class DetachDocument(Act):
    """Take a file off."""

    action = "edit"
    title = button = gettext_lazy("Remove the file")
    text = gettext_lazy("The request will no longer name it.")
    done = gettext_lazy("The file was removed.")
    danger = True

    def act(self, form: Any) -> HttpResponse:
        """Off the request."""
        document = get_object_or_404(self.requisition.documents, pk=self.kwargs["document"])
        services.detach(document_id=document.pk, actor=self.user)
        return redirect(self.requisition)


class ShowDocument(OneRequisition, View):
    """The file itself, for whoever sees the request."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As a download."""
        documents = RequisitionDocument.objects.select_related("file").filter(requisition=self.requisition)
        document = get_object_or_404(documents, pk=kwargs["document"])
        try:
            return files.serve(document.file)
        except FileNotFoundError as lost:
            raise Http404 from lost

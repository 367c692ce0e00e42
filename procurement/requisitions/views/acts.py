"""What is done with one request, each on a page that asks once more."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import View

from procurement.accounts.models import User
from procurement.common import acts, files
from procurement.common.clock import database_clock
from procurement.common.components import Turn
from procurement.common.errors import RuleViolation
from procurement.common.forms import ReasonForm
from procurement.common.views import Policy, PolicyMixin
from procurement.requisitions import services
from procurement.requisitions.forms import AssignForm, DocumentForm, TemplateForm
from procurement.requisitions.models import Requisition, RequisitionDocument
from procurement.requisitions.permissions import may_source
from procurement.requisitions.pool import NotInPool, pool_for, ticked
from procurement.requisitions.views.base import OneRequisition, back_to, crumbs_to
from workflows.approvals.chain import preview
from workflows.approvals.models import DocumentType
from workflows.approvals.questions import AnswersQuestion


class Act(OneRequisition, acts.Act):
    """Something that is done with one request."""

    def around(self) -> dict[str, Any]:
        """The way back to it."""
        requisition = self.requisition
        return {"crumbs": crumbs_to(requisition, self.title), **back_to(requisition)}


class SubmitRequisition(AnswersQuestion, Act):
    """Look at who will be asked, then send."""

    action = "submit"
    template_name = "requisitions/submit.html"
    title = gettext_lazy("Send for approval")
    button = gettext_lazy("Send for approval")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The chain before it starts (F110), or why it could not start."""
        chain, refusal = self._chain()
        return super().get_context_data(chain=chain, refusal=refusal, **kwargs)

    def document(self) -> tuple[str, int]:
        """A request."""
        return DocumentType.REQUISITION, self.requisition.pk

    def _chain(self) -> tuple[list[Turn], str]:
        facts = services.facts_of(self.requisition, self.requisition.lines.all())
        try:
            return preview(facts, at=database_clock()), ""
        except RuleViolation as refusal:
            return [], str(refusal)

    def act(self, form: Any) -> HttpResponse:
        """Sent; below every limit it is approved at once."""
        sent = services.submit(requisition_id=self.requisition.pk, actor=self.user, answer=form.said)
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


class ReopenRequisition(Act):
    """Change what is approved already."""

    action = "reopen"
    title = button = gettext_lazy("Change it")
    text = gettext_lazy(
        "The request leaves the pool until you send it again. A small change, within what the rules tolerate, keeps"
        " the approvals given; a larger one is asked about anew, with both versions side by side."
    )
    done = gettext_lazy("You can change it now. Send it again when you are done.")

    def act(self, form: Any) -> HttpResponse:
        """A draft again."""
        reopened = services.reopen(requisition_id=self.requisition.pk, actor=self.user)
        return redirect("requisitions:edit", reopened.pk)


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


class AssignLines(PolicyMixin, View):
    """The ticked lines of the pool are somebody's now."""

    policy = Policy.STAFF
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Given, then back to the pool, narrowed as it was."""
        if not may_source(request.user):
            raise Http404
        try:
            count = self._given(request)
        except RuleViolation as refusal:
            messages.error(request, str(refusal))
        else:
            words = ngettext("%(count)d line changed hands.", "%(count)d lines changed hands.", count)
            messages.success(request, words % {"count": count})
        narrowed = QueryDict(request.POST.get("narrowed", "")[:600]).urlencode()
        return redirect(f"{reverse('requisitions:pool')}?{narrowed}")

    @staticmethod
    def _given(request: HttpRequest) -> int:
        user = cast(User, request.user)
        form, picked = AssignForm(request.POST, user=user), ticked(request.POST)
        if not form.is_valid():
            raise RuleViolation(_("Choose an officer of the list."))
        if not picked:
            raise NotInPool(_("Tick at least one line."))
        if pool_for(user).filter(pk__in=picked).count() < len(picked):
            raise NotInPool(
                _("Some of these lines have been taken into an RFQ meanwhile. Look at the pool again.")
            )
        return services.assign(line_ids=picked, buyer=form.cleaned_data["buyer"], actor=user)

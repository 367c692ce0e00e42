"""What is done with one RFQ, each on a page that asks once more."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.generic import View

from procurement.accounts.models import User
from procurement.common import acts, files
from procurement.common.components import Crumb
from procurement.common.errors import RuleViolation
from procurement.common.forms import ReasonForm, add_refusal
from procurement.common.views import Policy, PolicyMixin
from procurement.rfqs import presentation, services
from procurement.rfqs.checklist import checklist, missing, ready_label
from procurement.rfqs.deadlines import moment_in_zone, wall_time
from procurement.rfqs.forms import CopyForm, ExtendForm, FewBidsForm, TeamForm, TemplateForm
from procurement.rfqs.models import DeadlineExtension, RfqTemplate
from procurement.rfqs.permissions import templates_for
from procurement.rfqs.views.base import RfqPage, person_of
from procurement.rfqs.views.pages import Team, chain_before
from workflows.approvals.models import DocumentType
from workflows.approvals.questions import AnswersQuestion


class Act(RfqPage, acts.Act):
    """Something that is done with one RFQ."""

    def around(self) -> dict[str, Any]:
        return self.small_frame(self.title)


class Submit(AnswersQuestion, Act):
    """The checklist once more, who will be asked, then send."""

    action = "submit"
    template_name = "rfqs/submit.html"
    title = button = lazy("Send for approval")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        points = checklist(self.rfq, self.at)
        chain, refusal = chain_before(self.rfq, self.user, self.at)
        return super().get_context_data(
            points=points,
            ready=ready_label(points),
            open_points=missing(points),
            chain=chain,
            refusal=refusal,
            **kwargs,
        )

    def document(self) -> tuple[str, int]:
        """An RFQ."""
        return DocumentType.RFQ, self.rfq.pk

    def act(self, form: Any) -> HttpResponse:
        """Sent; below every limit it is published at once."""
        sent = services.submit(rfq_id=self.rfq.pk, actor=self.user, answer=form.said)
        self.done = presentation.sent_text(sent)
        return redirect(sent)


class Withdraw(Act):
    """Take it back from approval."""

    action = "withdraw"
    title = button = lazy("Take back")
    text = lazy(
        "The people who were asked no longer need to decide. You can change the RFQ and send it again."
    )
    done = lazy("Taken back. It is a draft again.")

    def act(self, form: Any) -> HttpResponse:
        return redirect(services.withdraw(rfq_id=self.rfq.pk, actor=self.user))


class Cancel(Act):
    """Give it up before bids are opened."""

    action = "cancel"
    form_class = ReasonForm
    title = button = lazy("Cancel the RFQ")
    text = lazy(
        "Its lines return to the pool. Invited suppliers are told; bids stay sealed. This cannot be undone."
    )
    done = lazy("The RFQ is cancelled; its lines are in the pool again.")
    danger = True

    def act(self, form: Any) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        return redirect(services.cancel(rfq_id=self.rfq.pk, reason=reason, actor=self.user))


class Extend(Act):
    """Propose more time for all bidders."""

    action = "extend"
    form_class = ExtendForm
    title = lazy("Extend the deadline")
    button = lazy("Propose the new deadline")
    text = lazy(
        "Only later, only while bids are taken, and for everybody. A second person confirms it before the old"
        " deadline; then all invited suppliers are told."
    )
    done = lazy("Proposed. Another officer or a category manager of the company confirms it.")

    def get_initial(self) -> dict[str, Any]:
        return {"closes_at": wall_time(self.rfq.closes_at, self.rfq.time_zone)}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "rfq": self.rfq}

    def act(self, form: Any) -> HttpResponse:
        services.propose_extension(rfq_id=self.rfq.pk, actor=self.user, **form.cleaned_data)
        return redirect(self.rfq)


class ExtensionAct(Act):
    """What a second person does with a proposed deadline."""

    action = "confirm_extension"

    @cached_property
    def extension(self) -> DeadlineExtension:
        """The proposal, read once."""
        proposals = self.rfq.extensions.select_related("proposed_by")
        return get_object_or_404(proposals, pk=self.kwargs["extension"])

    @property
    def text(self) -> str:  # type: ignore[override]
        """What is proposed, by whom and why."""
        words = {
            "person": self.extension.proposed_by,
            "old": moment_in_zone(self.extension.closed_before, self.rfq.time_zone),
            "new": moment_in_zone(self.extension.closes_at, self.rfq.time_zone),
            "reason": self.extension.reason,
        }
        return _("%(person)s proposes %(new)s instead of %(old)s: “%(reason)s”") % words


class ConfirmExtension(ExtensionAct):
    """The second person agrees."""

    title = button = lazy("Confirm the new deadline")
    done = lazy("The deadline is later now. All invited suppliers are told.")

    def around(self) -> dict[str, Any]:
        if self.extension.proposed_by_id == self.user.pk:
            raise Http404  # it waits for somebody else
        return super().around()

    def act(self, form: Any) -> HttpResponse:
        services.confirm_extension(rfq_id=self.rfq.pk, extension_id=self.extension.pk, actor=self.user)
        return redirect(self.rfq)


class DropExtension(ExtensionAct):
    """The deadline stays."""

    title = button = lazy("Set the proposal aside")
    done = lazy("The deadline stays as it is.")

    def act(self, form: Any) -> HttpResponse:
        services.drop_extension(rfq_id=self.rfq.pk, extension_id=self.extension.pk, actor=self.user)
        return redirect(self.rfq)


class GoOnWithFewBids(Act):
    """Fewer bids came than the procedure wants: say why one goes on all the same."""

    action = "few_bids"
    form_class = FewBidsForm
    title = button = lazy("Go on with these bids")
    done = lazy("Recorded. The award memo shows it.")

    @property
    def text(self) -> str:  # type: ignore[override]
        """How many came, how many are wanted."""
        words = {"bids": self.rfq.bids_opened or 0, "least": self.rfq.min_bids}
        return _("%(bids)d bids could be read, the procedure wants %(least)d.") % words

    def around(self) -> dict[str, Any]:
        if not self.rfq.has_too_few_bids:
            raise Http404
        return super().around()

    def act(self, form: Any) -> HttpResponse:
        return redirect(
            services.go_on_with_few_bids(rfq_id=self.rfq.pk, actor=self.user, **form.cleaned_data)
        )


class Copy(Act):
    """A new draft that says the same."""

    action = "copy"
    form_class = CopyForm
    title = lazy("Copy the RFQ")
    button = lazy("Make the draft")
    text = lazy(
        "You get a draft with the same lines, terms, criteria, documents and suppliers. Its deadline is yours to set,"
        " and its lines take their demand from the pool."
    )
    done = lazy("Here is your draft. The checklist says what is missing.")

    def get_initial(self) -> dict[str, Any]:
        return {"title": self.rfq.title}

    def act(self, form: Any) -> HttpResponse:
        made = services.copy(rfq_id=self.rfq.pk, actor=self.user, title=form.cleaned_data["title"])
        return redirect(made)


class Retender(Act):
    """Ask again for what an RFQ that failed gave back."""

    action = "retender"
    title = lazy("Ask for it again")
    button = lazy("Make the new RFQ")
    text = lazy(
        "A new draft takes the demand that went back to the pool, as far as nobody else took it, with the same terms,"
        " criteria, documents and suppliers. Both RFQs name each other."
    )
    done = lazy("Here is the new RFQ. Set its deadline and look at whom you ask.")

    def act(self, form: Any) -> HttpResponse:
        return redirect(services.retender(rfq_id=self.rfq.pk, actor=self.user))


class KeepTemplate(Act):
    """Keep it for the next time."""

    action = "copy"
    form_class = TemplateForm
    title = button = lazy("Save as template")
    text = lazy("Officers of the company find it under Templates and start new RFQs from it.")
    done = lazy("Saved as a template.")

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.rfq.title[:120]}

    def act(self, form: Any) -> HttpResponse:
        services.save_as_template(rfq_id=self.rfq.pk, name=form.cleaned_data["name"], actor=self.user)
        return redirect("rfqs:templates")


class TemplateAct(PolicyMixin, acts.Act):
    """Something that is done with a template of a company one buys for."""

    policy = Policy.STAFF

    @cached_property
    def template(self) -> RfqTemplate:
        """The template, read once."""
        return get_object_or_404(templates_for(self.request.user), pk=self.kwargs["template"])

    def around(self) -> dict[str, Any]:
        crumbs = [
            Crumb(_("Sourcing"), reverse("rfqs:list")),
            Crumb(_("Templates"), reverse("rfqs:templates")),
            Crumb(self.template.name),
        ]
        return {"crumbs": crumbs, "back_url": reverse("rfqs:templates")}


class UseTemplate(TemplateAct):
    """A new draft from it."""

    form_class = CopyForm
    title = lazy("New RFQ from a template")
    button = lazy("Make the draft")
    text = Copy.text
    done = Copy.done

    def get_initial(self) -> dict[str, Any]:
        return {"title": self.template.rfq.title}

    def act(self, form: Any) -> HttpResponse:
        title = form.cleaned_data["title"]
        return redirect(
            services.copy(rfq_id=self.template.rfq_id, actor=person_of(self.request), title=title)
        )


class RemoveTemplate(TemplateAct):
    """Nobody starts from it any more."""

    title = button = lazy("Remove the template")
    text = lazy("The RFQ that it was made of stays as it is.")
    done = lazy("Removed.")

    def act(self, form: Any) -> None:
        services.remove_template(template_id=self.template.pk, actor=person_of(self.request))


class Remind(RfqPage, View):
    """One click: those who have not looked are asked to."""

    action = "remind"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Reminded, or told why not."""
        try:
            count = services.remind(rfq_id=self.rfq.pk, actor=self.user)
        except RuleViolation as refusal:
            messages.error(request, str(refusal))
        else:
            words = ngettext("%(count)d supplier is reminded.", "%(count)d suppliers are reminded.", count)
            messages.success(request, words % {"count": count})
        return redirect(self.rfq)


class RemoveDocument(Act):
    """Take a file off."""

    action = "edit"
    title = button = lazy("Remove the file")
    text = lazy("Bidders will not see it.")
    done = lazy("The file was removed.")
    danger = True

    def act(self, form: Any) -> HttpResponse:
        document = get_object_or_404(self.rfq.documents, pk=self.kwargs["document"])
        services.remove_document(rfq_id=self.rfq.pk, document_id=document.pk, actor=self.user)
        return redirect("rfqs:documents", self.rfq.pk)


class Uninvite(Act):
    """Take a supplier off before anybody is asked."""

    action = "edit"
    title = button = lazy("Take this supplier off")
    text = lazy("It will not be asked to bid.")
    done = lazy("Taken off.")

    def act(self, form: Any) -> HttpResponse:
        invitation = get_object_or_404(self.rfq.invitations, supplier=self.kwargs["supplier"])
        services.uninvite(rfq_id=self.rfq.pk, supplier_id=invitation.supplier_id, actor=self.user)
        return redirect("rfqs:suppliers", self.rfq.pk)


class AddToTeam(Team):
    """Name a colleague."""

    action = "team"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Named, or the page with what is wrong."""
        form = TeamForm(request.POST)
        self.rfq  # noqa: B018  what may not be done is not found
        if form.is_valid():
            try:
                services.add_to_team(rfq_id=self.rfq.pk, actor=self.user, **form.cleaned_data)
            except RuleViolation as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _("%(person)s works on this RFQ now.") % form.cleaned_data)
                return redirect("rfqs:team", self.rfq.pk)
        return self.render_to_response(self.get_context_data(form=form))


class RemoveFromTeam(Act):
    """End a colleague's work on it."""

    action = "team"
    title = button = lazy("Take this colleague off the team")
    done = lazy("Taken off.")

    def act(self, form: Any) -> HttpResponse:
        member = get_object_or_404(User, pk=self.kwargs["member"])
        services.remove_from_team(rfq_id=self.rfq.pk, user_id=member.pk, actor=self.user)
        return redirect("rfqs:team", self.rfq.pk)


class ShowDocument(RfqPage, View):
    """The file itself, for whoever sees the RFQ."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As a download."""
        documents = self.rfq.documents.select_related("file")
        return files.serve(get_object_or_404(documents, pk=self.kwargs["document"]).file)

"""What one may do with a turn besides deciding: leave lines out, pass it on, ask somebody else, take it back; and what
whoever sees a case may do: say something, watch it."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView, View

from procurement.accounts.freshness import ask_again, is_fresh
from procurement.accounts.models import User
from procurement.common import acts, files
from procurement.common.components import Crumb
from procurement.common.views import Policy, PolicyMixin, ScopedMixin
from workflows.approvals import handlers, talking
from workflows.approvals.models import ApprovalCase, ApprovalStep, CommentFile
from workflows.approvals.permissions import can, steps_visible_to, visible_to
from workflows.approvals.services import (
    FreshLoginNeeded,
    LinesRefused,
    Verdict,
    ask_extra,
    decide,
    forward,
    take_back,
)
from workflows.inbox.forms import LinesForm, PassOnForm, RemarkForm, WatcherForm
from workflows.inbox.queries import card_of_case
from workflows.inbox.views.pages import crumbs, onward


class CardAct(ScopedMixin, acts.Act):
    """An act that leads back to a card of the inbox, on a page that asks once more."""

    policy = Policy.STAFF
    card: ClassVar[str]  # the name of its page

    @cached_property
    def found(self) -> Any:
        """What the card is about."""
        return self.get_object()

    @property
    def case(self) -> ApprovalCase:
        """The case of the card."""
        raise NotImplementedError

    def around(self) -> dict[str, Any]:
        """The way back to the card."""
        back = reverse(self.card, args=[self.found.pk])
        way = [*crumbs(), Crumb(self.case.title, back), Crumb(str(self.title))]
        return {"crumbs": way, "back_url": back, "case": self.case}

    @property
    def user(self) -> User:
        """Who acts."""
        return cast(User, self.request.user)


class TurnAct(CardAct):
    """An act on one's own turn."""

    scope, can, action = steps_visible_to, can, "decide"
    card = "inbox:decide"

    @property
    def step(self) -> ApprovalStep:
        """The turn."""
        return cast(ApprovalStep, self.found)

    @property
    def case(self) -> ApprovalCase:
        """The case that it is a turn in."""
        return self.step.case

    def around(self) -> dict[str, Any]:
        """The turn as well."""
        return {**super().around(), "step": self.step}


class Forward(TurnAct):
    """Somebody else can judge it better."""

    form_class = PassOnForm
    template_name = "inbox/pass_on.html"
    title = gettext_lazy("Pass on")
    text = gettext_lazy(
        "They decide instead of you, as themselves. The requester sees that you passed it on."
    )
    button = gettext_lazy("Pass on")

    def act(self, form: Any) -> HttpResponse:
        """Theirs now; on to the next one of mine."""
        said = form.cleaned_data
        following = onward(self.user, self.step)
        forward(step_id=self.step.pk, taker=said["person"], note=said["note"], actor=self.user)
        self.done = _("Passed on to %(who)s.") % {"who": said["person"]}
        return redirect(following)


class AskExtra(TurnAct):
    """One more person is asked before it goes on."""

    form_class = PassOnForm
    template_name = "inbox/pass_on.html"
    title = gettext_lazy("Ask somebody in addition")
    text = gettext_lazy(
        "They are asked right after you and the others of this step; nothing goes on without them."
    )
    button = gettext_lazy("Ask them too")

    def act(self, form: Any) -> HttpResponse:
        """They come after me; I still decide."""
        said = form.cleaned_data
        ask_extra(step_id=self.step.pk, extra=said["person"], note=said["note"], actor=self.user)
        self.done = _("%(who)s will be asked after you.") % {"who": said["person"]}
        return redirect("inbox:decide", self.step.pk)


class LeaveLinesOut(TurnAct):
    """Approve, but without single lines."""

    form_class = LinesForm
    template_name = "inbox/lines.html"
    title = gettext_lazy("Approve without some lines")
    text = gettext_lazy("Say why at each line to leave out. The others are approved with your name.")
    button = gettext_lazy("Approve the rest")

    def get_form_kwargs(self) -> dict[str, Any]:
        """The lines that are this person's to refuse."""
        case = self.case
        lines = handlers.of(case.document_type).lines(case.document_id)
        if not lines:
            raise Http404
        gone = dict(case.line_refusals.values_list("line_id", "reason"))
        mine = {
            key: text
            for key, text in lines.items()
            if key not in gone and (self.step.lines is None or key in self.step.lines)
        }
        return {**super().get_form_kwargs(), "lines": mine, "seen": case.document_hash}

    def act(self, form: Any) -> HttpResponseBase:  # type: ignore[override]  # may lead to the log-in
        """Approved, but for these."""
        refused = form.refused
        if not refused:
            raise LinesRefused(_("Say why at one line at least, or approve the whole on its card."))
        following = onward(self.user, self.step)
        try:
            decide(
                step_id=self.step.pk,
                verdict=Verdict.APPROVE,
                actor=self.user,
                seen_hash=form.cleaned_data["seen"],
                comment=form.cleaned_data["comment"],
                refused_lines=refused,
                fresh_login=is_fresh(self.request),
            )
        except FreshLoginNeeded:
            return ask_again(self.request, self.request.get_full_path())
        self.done = ngettext(
            "Approved without %(count)d line.", "Approved without %(count)d lines.", len(refused)
        ) % {"count": len(refused)}
        return redirect(following)


class TakeBack(TurnAct):
    """Whoever is stood in for decides themselves."""

    action = "take_back"
    title = button = gettext_lazy("Decide it myself")
    text = gettext_lazy("It comes back to you; whoever stands in for you no longer decides on it.")
    done = gettext_lazy("It is with you again.")

    def act(self, form: Any) -> HttpResponse:
        """Mine again."""
        take_back(step_id=self.step.pk, actor=self.user)
        return redirect("inbox:decide", self.step.pk)


class CaseCard(ScopedMixin, TemplateView):
    """A case for those who are not asked: the requester, whoever watches, was named, or stands in the chain."""

    policy = Policy.STAFF
    scope, can, action = visible_to, can, "view"
    template_name = "inbox/card.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The same card, without buttons to decide; my own open turn has its own."""
        case = self.get_object(
            self.get_queryset().select_related("requester", "company", "department", "rule_set")
        )
        card = card_of_case(case, self.request.user)
        return super().get_context_data(case=case, card=card, step=None, may_decide=False, **kwargs)


class CaseAct(CardAct):
    """Something that whoever sees a case may do."""

    scope, can, action = visible_to, can, "view"
    card = "inbox:case"

    @property
    def case(self) -> ApprovalCase:
        """The case."""
        return cast(ApprovalCase, self.found)

    def back(self) -> HttpResponse:
        """To my open turn in the case where I have one, else to the case."""
        mine = self.case.steps.filter(approver=self.user, status=ApprovalStep.Status.ACTIVE).first()
        return redirect("inbox:decide", mine.pk) if mine else redirect("inbox:case", self.case.pk)


class Remark(CaseAct):
    """Say something; name who should read it; attach a file."""

    form_class = RemarkForm
    template_name = "inbox/remark.html"
    title = gettext_lazy("Add a remark")
    button = gettext_lazy("Add the remark")
    done = gettext_lazy("The remark is added.")

    def act(self, form: Any) -> HttpResponse:
        """Stored whole or not at all."""
        said = form.cleaned_data
        with transaction.atomic():
            attached = []
            if said["file"]:
                stored = files.store_upload(said["file"], uploaded_by=self.user)
                attached = [(stored, stored.name)]
            talking.comment(
                case_id=self.case.pk,
                actor=self.user,
                text=said["text"],
                mentioned=[person.pk for person in said["mentioned"]],
                files=attached,
            )
        return self.back()


class RemarkFile(PolicyMixin, View):
    """A file that came with a remark, for those who see the case."""

    policy = Policy.STAFF

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file, never shown in place."""
        rows = CommentFile.objects.filter(comment__case__in=visible_to(request.user)).select_related("file")
        found = get_object_or_404(rows, pk=pk)
        try:
            return files.serve(found.file)
        except FileNotFoundError as lost:
            raise Http404 from lost


class AddWatcher(CaseAct):
    """Have somebody else hear how it goes on."""

    form_class = WatcherForm
    template_name = "inbox/pass_on.html"
    title = gettext_lazy("Let somebody watch")
    text = gettext_lazy("They may see the case and are told how it ends.")
    button = gettext_lazy("Let them watch")

    def act(self, form: Any) -> HttpResponse:
        """They watch from now on."""
        person = form.cleaned_data["person"]
        talking.watch(case=self.case, user=person, actor=self.user)
        self.done = _("%(who)s is told how it ends.") % {"who": person}
        return self.back()


class Watching(ScopedMixin, View):
    """I watch, or stop watching."""

    policy = Policy.STAFF
    scope, can, action = visible_to, can, "view"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One button that goes both ways."""
        case = self.get_object()
        user = cast(User, request.user)
        if request.POST.get("watch") == "no":
            talking.stop_watching(case=case, user=user)
            messages.success(request, _("You no longer watch this."))
        else:
            talking.watch(case=case, user=user, actor=user)
            messages.success(request, _("You are told how this ends."))
        return (
            redirect("inbox:case", case.pk)
            if visible_to(user).filter(pk=pk).exists()
            else redirect("inbox:list")
        )

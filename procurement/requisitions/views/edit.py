"""Write a request down and change it."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.generic import View

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.errors import RuleViolation
from procurement.common.views import Policy, PolicyMixin
from procurement.requisitions import services
from procurement.requisitions.editor import Editor
from procurement.requisitions.models import Requisition
from procurement.requisitions.permissions import may_request
from procurement.requisitions.views.base import OneRequisition, crumbs_to


class EditorPage(View):
    """Shows the editor, keeps what was typed, and goes on: to the request, or to the people who approve it."""

    request: HttpRequest

    def editor(self, **data: Any) -> Editor:
        """The editor of this page's request."""
        raise NotImplementedError

    def store(self, editor: Editor) -> Requisition:
        """The service behind the button."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show(self.editor())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "more" in request.POST:
            return self.show(self.editor(data=request.POST, more=True))
        sending = "send" in request.POST
        editor = self.editor(data=request.POST)
        if not editor.is_valid(at=database_clock() if sending else None):
            return self.show(editor)
        try:
            requisition = self.store(editor)
        except RuleViolation as refusal:
            editor.refuse(refusal)
            return self.show(editor)
        if sending:
            return redirect("requisitions:submit", pk=requisition.pk)
        messages.success(request, _("Saved."))
        return redirect(requisition)

    def show(self, editor: Editor) -> HttpResponse:
        """The page."""
        requisition = editor.requisition
        title = _("New request") if requisition is None else _("Edit request")
        context = {
            "editor": editor,
            "requisition": requisition,
            "page_title": title,
            "crumbs": crumbs_to(requisition, title),
        }
        return render(self.request, "requisitions/edit.html", context)


class CreateRequisition(PolicyMixin, EditorPage):
    """A new request of one's own."""

    policy = Policy.STAFF

    def editor(self, **data: Any) -> Editor:
        """An empty one. People without the role find no such page."""
        if not may_request(self.request.user):
            raise Http404
        return Editor(cast(User, self.request.user), **data)

    def store(self, editor: Editor) -> Requisition:
        """A draft."""
        head = editor.header
        return services.create(
            company=head.company, department=head.department, title=head.title, purpose=head.purpose,
            currency=head.currency, lines=editor.lines, actor=editor.user,
        )  # fmt: skip


class EditRequisition(OneRequisition, EditorPage):
    """A draft, a template or a returned request of one's own."""

    action = "edit"

    def editor(self, **data: Any) -> Editor:
        """The request as stored, or as typed."""
        return Editor(self.user, requisition=self.requisition, **data)

    def store(self, editor: Editor) -> Requisition:
        """The same request, changed."""
        return services.save(
            requisition_id=self.requisition.pk, header=editor.header, lines=editor.lines,
            edit_version=editor.edit_version, actor=self.user,
        )  # fmt: skip

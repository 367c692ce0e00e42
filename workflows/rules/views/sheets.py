"""Rules as a spreadsheet, out and in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import View

from procurement.common import tables
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.files import MEGABYTE
from procurement.common.forms import add_refusal
from workflows.approvals import rulebook
from workflows.approvals.ruledata import rules_of
from workflows.rules import sheet
from workflows.rules.forms import SheetForm
from workflows.rules.lookups import Known
from workflows.rules.views.base import RuleSetPage
from workflows.rules.views.editing import DraftPage


class Export(RuleSetPage, View):
    """A version as a workbook."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """One row for each step."""
        content = sheet.workbook(self.rules, rules_of(self.rules))
        name = f"rules-v{self.rules.version}.xlsx"
        headers = {
            "Content-Disposition": content_disposition_header(True, name) or "attachment",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(content, content_type=tables.XLSX_TYPE, headers=headers)


class Import(DraftPage):
    """A workbook that replaces the rules of a draft."""

    template_name = "rules/import.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The form, and what was wrong with the last file."""
        kwargs.setdefault("form", SheetForm(initial={"edit_version": self.rules.edit_version}))
        return super().get_context_data(
            **self.frame(_("Read in a spreadsheet")), count=self.rules.rules.count(), **kwargs
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """All of it or nothing."""
        self.require_writer()
        form = SheetForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._again(form)
        upload = form.cleaned_data["file"]
        try:
            if upload.size > sheet.LARGEST:
                size = sheet.LARGEST // MEGABYTE
                raise sheet.NotOurSheet(
                    _("The file is larger than %(size)d MB.") % {"size": size}, field="file"
                )
            rules = sheet.read(upload.read(), name=upload.name, known=Known())
            rulebook.replace_rules(
                rule_set_id=self.rules.pk,
                rules=rules,
                edit_version=form.cleaned_data["edit_version"],
                actor=self.user,
            )
        except AlreadyDone as refusal:
            return self.was_faster(refusal)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self._again(
                form, mistakes=getattr(refusal, "mistakes", []), more=getattr(refusal, "more", 0)
            )
        said = ngettext("%(count)d rule was read in.", "%(count)d rules were read in.", len(rules))
        messages.success(request, said % {"count": len(rules)})
        return redirect(self.address)

    def _again(self, form: SheetForm, **said: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, **said), status=422)

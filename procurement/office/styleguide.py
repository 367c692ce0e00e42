"""Every component in every state, made from the tags that the pages use. Only the demo shows it.

What stands on it are examples, in the reader's language; the other one stands beside it where pages show both.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView

from procurement.common.charts import Bar
from procurement.common.components import Check, Crumb, Entry, Fact, FileItem, Step, Turn
from procurement.common.figures import date_text
from procurement.common.forms import DateInput, FigureField, PercentField
from procurement.common.icons import ICONS
from procurement.common.schedules import Lane, Schedule, Span, schedule_of
from procurement.common.views import Policy, PolicyMixin

LONG = lazy("Supply of forged steel gate, globe and check valves with actuators for the revamp of the Dongying desalination unit, second phase")  # fmt: skip
TONES = (
    ("idle", lazy("not started, nothing to do"), lazy("Draft")),
    ("go", lazy("in progress, on course"), lazy("Open for bids")),
    ("good", lazy("done, sound"), lazy("Awarded")),
    ("wait", lazy("needs somebody soon"), lazy("Waiting for signatures")),
    ("bad", lazy("late, refused, broken"), lazy("Returned")),
)
BOTH = {  # said in both languages
    "title": lazy("Style guide"),
    "heading": lazy("Heading in a panel"),
    "text": lazy("Text, 14 on 20. The award memo is read by people who have a minute."),
    "pump": lazy("Centrifugal pump"),
}


class Sample(forms.Form):
    """A field of every kind; bound to wrong data it shows every error."""

    title = forms.CharField(label=lazy("Title"), max_length=20, help_text=lazy("Bidders see this."))
    price = FigureField(label=lazy("Unit price"), max_digits=19, decimal_places=6)
    weight = PercentField(label=lazy("Weight of price"), max_digits=9, decimal_places=6)
    closes = forms.DateField(label=lazy("Bids close"), widget=DateInput())
    procedure = forms.ChoiceField(
        label=lazy("Procedure"), choices=[("rfq", lazy("RFQ")), ("tender", lazy("Invited tender"))]
    )
    envelopes = forms.MultipleChoiceField(
        label=lazy("Envelopes"),
        choices=[("t", lazy("Technical")), ("c", lazy("Commercial"))],
        widget=forms.CheckboxSelectMultiple,
    )
    bidders = forms.ChoiceField(
        label=lazy("Who may bid"), choices=[("i", lazy("Invited suppliers")), ("q", lazy("Any qualified supplier"))], widget=forms.RadioSelect
    )  # fmt: skip
    reason = forms.CharField(label=lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    schedule = forms.FileField(
        label=lazy("Price schedule"), required=False, help_text=lazy("XLSX up to 50 MB")
    )
    number = forms.CharField(label=lazy("Number"), initial="RFQ-2026-0147", disabled=True, required=False)
    agreed = forms.BooleanField(label=lazy("I have read the terms"))


class SampleLine(forms.Form):
    """A line to type in."""

    description = forms.CharField(label=lazy("Description"))
    quantity = FigureField(label=lazy("Quantity"), max_digits=18, decimal_places=6)
    unit_price = FigureField(label=lazy("Unit price"), max_digits=18, decimal_places=6)


class Styleguide(PolicyMixin, TemplateView):
    """The page that a new component is first looked at on."""

    policy = Policy.STAFF
    template_name = "office/styleguide.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """No installation that works for real has it."""
        if not settings.DEMO:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Everything on one page."""
        return self.render_to_response(self.get_context_data(**samples()))


def samples() -> dict[str, Any]:
    """What the components are given."""
    now = timezone.now()
    wrong = {
        "title": "x" * 30,
        "price": "186OO",
        "weight": "fifty",
        "closes": "2026-02-31",
        "bidders": "nobody",
    }
    lines = forms.formset_factory(SampleLine, extra=1, can_delete=True)
    return {
        **_both(),
        "long": LONG,
        "icons": sorted(ICONS),
        "moments": [now + timedelta(days=12, hours=6), now + timedelta(hours=20), now + timedelta(minutes=4)],
        "now": now,
        "amounts": [Decimal("3564458.56"), Decimal("-0.5"), None],
        "form": Sample(prefix="sound", initial={"title": _("Valves for Dongying"), "weight": Decimal("0.55")}),
        "wrong": Sample({f"wrong-{name}": value for name, value in wrong.items()}, prefix="wrong"),
        "formset": lines(prefix="lines", initial=[{"description": _("Gate valve DN50"), "quantity": 344}]),
        "bars": [Bar(_("Draft"), 3.1, ("2", "3.10")), Bar(_("Open for bids"), 11.92, ("4", "11.92"), strong=True), Bar(LONG, 14.38, ("3", "14.38"))],
        "timetable": _timetable(now),
        "page": SimpleNamespace(previous_cursor="x", next_cursor="y", count_label="1000+", query=""),
        "options": [Crumb(_("One supplier"), "#"), Crumb(_("Best two")), Crumb(_("Per line"), "#")],
        "parts": [Crumb(_("Overview")), Crumb(_("Lines"), "#"), Crumb(_("Suppliers"), "#"), Crumb(_("History"), "#")],
        **_documents(now),
    }  # fmt: skip


def _both() -> dict[str, Any]:
    """The tones, and some texts, in the reader's language and in the other one."""
    language = "en" if translation.get_language() == "zh-hans" else "zh-hans"
    with translation.override(language):
        other = {name: str(text) for name, text in BOTH.items()}
        companions = [str(word) for _tone, _means, word in TONES]
    tones = [(*tone, companion) for tone, companion in zip(TONES, companions, strict=True)]
    return {"tones": tones, "other": {**other, "lang": "en" if language == "en" else "zh-CN"}}


def _timetable(now: datetime) -> Schedule:
    """A deadline that was moved, bidding under way."""

    def day(number: int) -> datetime:
        return now + timedelta(days=number)

    lanes = [
        Lane(_("Prepare and approve"), actual=Span(day(-9), day(-5))),
        Lane(_("Bidding"), Span(day(-5), day(10), at_first=day(6)), Span(day(-5), now, running=True)),
    ]
    return schedule_of(lanes, now=now, zone=timezone.get_current_timezone())


def _documents(now: datetime) -> dict[str, Any]:
    """Heads, trails, histories, checklists and files."""
    names = (_("Draft"), _("In approval"), _("Open for bids"), _("Closed"), _("Award"), _("Contract"))
    first = [Step(name, "now" if place == 0 else "later") for place, name in enumerate(names)]
    middle = [
        Step(name, "done" if place < 2 else "now" if place == 2 else "later", _on(3, 5))
        for place, name in enumerate(names)
    ]
    return {
        "crumbs": [Crumb(_("Sourcing"), "#")],
        "meta": [_("Lanchuan Water"), _("25 lines"), _("Officer %(name)s") % {"name": _("Lin Yue")}],
        "until": now + timedelta(days=2, hours=3),
        "trails": [first, middle, [Step(name, "done", _on(4, 9)) for name in names]],
        "chain": _chain(),
        "facts": [Fact(_("Award, without tax"), "¥3,564,458.56", _("25 of 25 lines")), Fact(_("Under the estimate"), "9.5 %", "¥372,813.44", "good"), Fact(_("Bids"), _("2 of 8"), _("least 3"), "wait")],
        "kv": [Fact(_("Without tax"), "¥1,931,461.84"), Fact(_("Tax 13 %"), "¥251,090.04"), Fact(_("With tax"), "¥2,182,551.88", total=True)],
        "entries": [Entry(now, _("A supplier asked a question"), _("line 24"), "go"), Entry(now - timedelta(days=2), _("Returned by Finance"), _("“Why is line 7 dearer?”"), "bad"), Entry(now - timedelta(days=9), LONG)],
        "checks": [Check(_("9 documents, latest revisions"), "good"), Check(_("2 questions unanswered"), "wait", _("Answer today, or move the deadline"), "#"), Check(_("Deadline is too early"), "bad"), Check(_("Performance bond"), note=_("after the award"))],
        "files": [FileItem(_("Data sheet DS-V-024.pdf"), "#", _("checked"), 1_258_291, _("Rev B"), "go"), FileItem("macro.xlsm", error=_("Files with macros are refused.")), FileItem(f"{LONG}.pdf", "#")],
        "jobs": [SimpleNamespace(title=_("Import of lines"), total=2000, done=1240, message="", is_finished=False), SimpleNamespace(title=_("Export"), total=0, done=0, message=_("Waiting"), is_finished=False)],
    }  # fmt: skip


def _chain() -> list[Turn]:
    """Decided, together, returned, now and later."""
    together = [
        Turn(_("Zhao Wenbo"), _("Category"), _on(3, 26), state="done"),
        Turn(_("Han Xue"), _("Engineering"), _on(3, 27), state="done"),
    ]
    question = _("Why is line 7 dearer than last year?")
    return [
        Turn(_("Lin Yue"), _("Officer"), _("sent %(day)s") % {"day": _on(3, 26)}, state="done"),
        Turn("", together=together, state="done"),
        Turn(_("Sun Lihua"), _("Finance"), _("returned"), question, state="back"),
        Turn(_("Lin Yue"), _("answers, then back to Finance"), state="now"),
        Turn(_("Zhou Kai"), _("Vice president")),
    ]


def _on(month: int, day: int) -> str:
    return date_text(date(2026, month, day), short=True)

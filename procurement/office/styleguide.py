"""Every component in every state, made from the tags that the pages use. Only the demo shows it.

What stands on it are examples in both languages, not words of the product: they are not translated.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.generic import TemplateView

from procurement.common.charts import Bar
from procurement.common.components import Check, Crumb, Entry, Fact, FileItem, Step, Turn
from procurement.common.forms import DateInput, FigureField, PercentField
from procurement.common.icons import ICONS
from procurement.common.views import Policy, PolicyMixin

LONG = "Supply of forged steel gate, globe and check valves with actuators for the revamp of the Dongying desalination unit, second phase"  # fmt: skip
TONES = (
    ("idle", "not started, nothing to do", "Draft", "草稿"),
    ("go", "in progress, on course", "Open for bids", "报价中"),
    ("good", "done, sound", "Awarded", "已中标"),
    ("wait", "needs somebody soon", "Waiting for signatures", "待签署"),
    ("bad", "late, refused, broken", "Returned", "已退回"),
)


class Sample(forms.Form):
    """A field of every kind; bound to wrong data it shows every error."""

    title = forms.CharField(label="Title", max_length=20, help_text="Bidders see this.")
    price = FigureField(label="Unit price", max_digits=19, decimal_places=6)
    weight = PercentField(label="Weight of price", max_digits=9, decimal_places=6)
    closes = forms.DateField(label="Bids close", widget=DateInput())
    procedure = forms.ChoiceField(
        label="Procedure", choices=[("rfq", "RFQ 询价"), ("tender", "Invited tender 邀请招标")]
    )
    envelopes = forms.MultipleChoiceField(
        label="Envelopes",
        choices=[("t", "Technical"), ("c", "Commercial")],
        widget=forms.CheckboxSelectMultiple,
    )
    bidders = forms.ChoiceField(
        label="Who may bid", choices=[("i", "Invited suppliers"), ("q", "Any qualified supplier")], widget=forms.RadioSelect
    )  # fmt: skip
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    schedule = forms.FileField(label="Price schedule", required=False, help_text="XLSX up to 50 MB")
    number = forms.CharField(label="Number", initial="RFQ-2026-0147", disabled=True, required=False)
    agreed = forms.BooleanField(label="I have read the terms")


class SampleLine(forms.Form):
    """A line to type in."""

    description = forms.CharField(label="Description")
    quantity = FigureField(label="Quantity", max_digits=18, decimal_places=6)
    unit_price = FigureField(label="Unit price", max_digits=18, decimal_places=6)


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
        "tones": TONES,
        "long": LONG,
        "icons": sorted(ICONS),
        "moments": [now + timedelta(days=12, hours=6), now + timedelta(hours=20), now + timedelta(minutes=4)],
        "now": now,
        "amounts": [Decimal("3564458.56"), Decimal("-0.5"), None],
        "form": Sample(prefix="sound", initial={"title": "Valves for Dongying", "weight": Decimal("0.55")}),
        "wrong": Sample({f"wrong-{name}": value for name, value in wrong.items()}, prefix="wrong"),
        "formset": lines(prefix="lines", initial=[{"description": "Gate valve DN50 闸阀", "quantity": 344}]),
        "bars": [Bar("Draft", 3.1, ("2", "3.10")), Bar("Open for bids", 11.92, ("4", "11.92"), strong=True), Bar(LONG, 14.38, ("3", "14.38"))],
        "page": SimpleNamespace(previous_cursor="x", next_cursor="y", count_label="1000+", query=""),
        "options": [Crumb("One supplier", "#"), Crumb("Best two"), Crumb("Per line", "#")],
        "parts": [Crumb("Overview"), Crumb("Lines", "#"), Crumb("Suppliers", "#"), Crumb("History", "#")],
        **_documents(now),
    }  # fmt: skip


def _documents(now: Any) -> dict[str, Any]:
    """Heads, trails, chains, histories, checklists and files."""
    names = ("Draft", "In approval", "Open for bids", "Closed", "Award", "Contract")
    first = [Step(name, "now" if place == 0 else "later") for place, name in enumerate(names)]
    middle = [
        Step(name, "done" if place < 2 else "now" if place == 2 else "later", "5 Mar")
        for place, name in enumerate(names)
    ]
    chain = [
        Turn("Lin Yue", "Officer", "sent 26 Mar", state="done"),
        Turn(
            "",
            together=[
                Turn("Zhao Wenbo", "Category", "26 Mar", state="done"),
                Turn("Han Xue", "Engineering", "27 Mar", state="done"),
            ],
            state="done",
        ),
        Turn("孙丽华 Sun Lihua", "Finance", "returned", "Why is line 7 dearer than last year?", state="back"),
        Turn("Lin Yue", "answers, then back to Finance", state="now"),
        Turn("Zhou Kai", "Vice president"),
    ]
    return {
        "crumbs": [Crumb("Sourcing", "#")],
        "meta": ["Lanchuan Water 岚川水务", "25 lines", "Officer Lin Yue"],
        "until": now + timedelta(days=2, hours=3),
        "trails": [first, middle, [Step(name, "done", "9 Apr") for name in names]],
        "chain": chain,
        "facts": [Fact("Award, without tax", "¥3,564,458.56", "25 of 25 lines"), Fact("Under the estimate", "9.5 %", "¥372,813.44", "good"), Fact("Bids", "2 of 8", "least 3", "wait")],
        "kv": [Fact("Without tax", "¥1,931,461.84"), Fact("Tax 13 %", "¥251,090.04"), Fact("With tax", "¥2,182,551.88", total=True)],
        "entries": [Entry(now, "A supplier asked a question", "line 24", "go"), Entry(now - timedelta(days=2), "Returned by Finance", "“Why is line 7 dearer?”", "bad"), Entry(now - timedelta(days=9), LONG)],
        "checks": [Check("9 documents, latest revisions", "good"), Check("2 questions unanswered", "wait", "Answer today, or move the deadline", "#"), Check("Deadline is too early", "bad"), Check("Performance bond", note="after the award")],
        "files": [FileItem("Data sheet DS-V-024.pdf", "#", "checked", 1_258_291, "Rev B", "go"), FileItem("macro.xlsm", error="Files with macros are refused."), FileItem(f"{LONG}.pdf", "#")],
        "jobs": [SimpleNamespace(title="Import of lines 导入明细", total=2000, done=1240, message="", is_finished=False), SimpleNamespace(title="Export", total=0, done=0, message="Waiting", is_finished=False)],
    }  # fmt: skip

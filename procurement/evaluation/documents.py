"""What this room prints: the award memo, in both languages, once the award is active."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from procurement.common import documents
from procurement.common.documents import Document, Issuer
from procurement.common.models import Rendering
from procurement.evaluation import picks
from procurement.evaluation.memo import Memo, flags, memo_of, ranking_of
from procurement.evaluation.models import Award, AwardLine
from procurement.evaluation.permissions import visible_to

TEMPLATE = "award_memo"


def register() -> None:
    """Make the memo known."""
    documents.register(
        TEMPLATE, label=_("Award memo"), subject_model=Award, builder=award_memo, may_view=may_view
    )


def may_view(user: Any, rendering: Rendering) -> bool:
    """Our side, as it may see the award; suppliers never."""
    return visible_to(user).filter(pk=rendering.subject_id).exists()


def award_memo(award_id: int, version: int, language: str) -> Document:
    """The memo of an award, as it stands."""
    award = Award.objects.select_related("rfq__company", "created_by").get(pk=award_id)
    company = award.rfq.company
    return Document(
        title=f"授标审批单 Award memo {award.rfq.title}",
        number=award.number,
        created=award.decided_at or award.submitted_at or award.created_at,
        issuer=Issuer(name=company.name, name_en=company.name_en, address=company.address),
        digest=award.document_hash,
        context=award_memo_context(award),
        status="" if award.status == Award.Status.ACTIVE else "draft",
        time_zone=award.rfq.time_zone,
    )


def award_memo_context(award: Award) -> dict[str, Any]:
    """All that the memo prints."""
    memo = memo_of(award)
    rows = AwardLine.objects.filter(award=award).select_related("rfq_line", "supplier")
    lines = list(rows.order_by("rfq_line__position", "pk"))
    names = picks.names_of(award.rfq, [line.rfq_line_id for line in lines])
    return {
        "memo": memo,
        "award": award,
        "rfq": award.rfq,
        "lines": [(line, names.get(line.rfq_line_id, "")) for line in lines],
        "paragraphs": [text.strip() for text in award.justification.splitlines() if text.strip()],
        "ranking": ranking_of(memo),
        "checks": _both(memo),
        "steps": _steps(memo),
    }


def _both(memo: Memo) -> list[dict[str, Any]]:
    """The checks in Chinese and in English, side by side."""
    with translation.override("zh-hans"):
        chinese = flags(memo)
    with translation.override("en"):
        english = flags(memo)
    return [
        {
            "tone": zh.tone,
            "label": str(zh.label),
            "label_en": str(en.label),
            "note": str(zh.note),
            "note_en": str(en.note),
        }
        for zh, en in zip(chinese, english, strict=True)
    ]


def _steps(memo: Memo) -> list[dict[str, Any]]:
    """Every decision of every round, the first round first."""
    steps = [step for one in memo.rounds for step in one.case.steps.select_related("approver", "decided_by")]
    ordered = sorted(steps, key=lambda step: (step.case_id, step.stage, step.position))
    return [
        {
            "reason": step.reason,
            "name": str(step.decided_by or step.approver),
            "decision": step.status,
            "at": step.decided_at,
            "comment": step.comment,
        }
        for step in ordered
    ]

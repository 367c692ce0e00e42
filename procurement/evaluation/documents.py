"""What this room prints: the award memo, in both languages, once the award is active."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from procurement.common import documents
from procurement.common.documents import Document, Issuer
from procurement.common.letters import Letter
from procurement.common.models import Rendering
from procurement.evaluation import picks, results
from procurement.evaluation.memo import Memo, flags, memo_of, ranking_of
from procurement.evaluation.models import Award, AwardLine, ResultLetter, ResultWithdrawal
from procurement.evaluation.permissions import opened_visible_to, results_for_supplier, visible_to
from procurement.organization.models import Person

TEMPLATE = "award_memo"


def register() -> None:
    """Make the memo known."""
    documents.register(
        TEMPLATE, label=_("Award memo"), subject_model=Award, builder=award_memo, may_view=may_view
    )
    documents.register(
        results.TEMPLATE,
        label=_("Letter of result"),
        subject_model=ResultLetter,
        builder=result_letter,
        may_view=may_read_letter,
        is_withdrawn=no_longer_holds,
    )


def may_read_letter(user: Any, rendering: Rendering) -> bool:
    """Our side as it may read the bids; a supplier its own letter."""
    if getattr(user, "is_supplier", False):
        return results_for_supplier(user).filter(pk=rendering.subject_id).exists()
    letters = ResultLetter.objects.filter(pk=rendering.subject_id, rfq__in=opened_visible_to(user))
    return letters.exists()


def no_longer_holds(rendering: Rendering) -> bool:
    """Whether the decision of which a letter tells was withdrawn since."""
    return ResultWithdrawal.objects.filter(letter=rendering.subject_id).exists()


def result_letter(letter_id: int, version: int, language: str) -> Document:
    """The letter as it was written; nothing is computed again."""
    letter = ResultLetter.objects.select_related("rfq__company", "supplier", "sent_by").get(pk=letter_id)
    company, content = letter.rfq.company, letter.content
    heading = ("中选通知书", "Letter of award") if content["won"] else ("采购结果通知书", "Letter of result")
    person = Person.objects.filter(user=letter.sent_by).first()
    return Document(
        title=f"{heading[0]} {heading[1]} {letter.rfq.number}",
        number=letter.number,
        created=letter.sent_at,
        issuer=Issuer(name=company.name, name_en=company.name_en, address=company.address),
        digest=letter.content_hash,
        context={
            "letter": Letter(
                addressee=letter.supplier.name,
                addressee_en=letter.supplier.name_en,
                heading=heading[0],
                heading_en=heading[1],
                about=f"{content['rfq']['number']} {content['rfq']['title']}".strip(),
                signer=str(letter.sent_by),
                position=person.job_title if person else "",
            ),
            "result": content,
            "reasons": _reasons(content),
        },
        time_zone=letter.rfq.time_zone,
    )


def _reasons(content: Any) -> list[tuple[str, str]]:
    """Chinese and English, side by side."""
    with translation.override("zh-hans"):
        chinese = results.said(content)
    with translation.override("en"):
        english = results.said(content)
    return list(zip(chinese, english, strict=True))


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
    said = picks.said_of(award.rfq, [line.rfq_line_id for line in lines])
    return {
        "memo": memo,
        "award": award,
        "rfq": award.rfq,
        "lines": [(line, said.get(line.rfq_line_id)) for line in lines],
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

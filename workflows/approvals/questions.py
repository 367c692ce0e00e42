"""A document that came back with a question is sent again with an answer, which the same person reads."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workflows.approvals.facts import LONGEST_ANSWER
from workflows.approvals.models import ApprovalCase, ApprovalStep
from workflows.approvals.services.progress import SENDS_BACK


class AnswerForm(forms.Form):
    """Asks once more, and for the answer where there is a question."""

    answer = forms.CharField(
        label=_("Your answer"),
        required=False,
        max_length=LONGEST_ANSWER,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "Whoever asked reads it on the same card; what others approved before the question stands."
        ),
    )

    def __init__(self, *args: Any, question: ApprovalStep | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.question = question
        if question is None:
            del self.fields["answer"]

    @property
    def said(self) -> str:
        """The answer, or nothing."""
        return str(self.cleaned_data.get("answer", ""))


def question_of(document_type: str, document_id: int) -> ApprovalStep | None:
    """What the last round of a document came back with, as long as nothing was sent since."""
    cases = ApprovalCase.objects.filter(document_type=document_type, document_id=document_id)
    last = cases.order_by("-round").first()
    if last is None or last.status != ApprovalCase.Status.RETURNED:
        return None
    steps = last.steps.filter(status__in=SENDS_BACK).select_related("decided_by", "approver")
    return steps.first()


class AnswersQuestion:
    """For the page that sends a document: shows the question and takes the answer. The page names its document."""

    form_class: Any = AnswerForm

    def document(self) -> tuple[str, int]:
        """The kind of document and its key."""
        raise NotImplementedError

    def get_form_kwargs(self) -> dict[str, Any]:
        """With the question that is to be answered."""
        given: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]
        return {**given, "question": question_of(*self.document())}

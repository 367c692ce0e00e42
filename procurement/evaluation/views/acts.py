"""What is done with an award or an opened RFQ, each on a page that asks once more."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from procurement.common import acts
from procurement.common.components import Turn
from procurement.common.errors import RuleViolation
from procurement.evaluation import awards, withdrawals
from procurement.evaluation.forms import CancelForm, SubmitForm
from procurement.evaluation.memo import flags, memo_of
from procurement.evaluation.models import Award
from procurement.evaluation.views.base import AwardPage, OpenedPage, StaffPage
from procurement.rfqs.forms import EndForm
from procurement.rfqs.models import Rfq
from workflows.approvals.models import DocumentType
from workflows.approvals.questions import AnswersQuestion


class Act(StaffPage, acts.Act):
    """Something that is done with an award or an opened RFQ."""

    def small_frame(self, here: Any) -> dict[str, Any]:
        """What confirm pages share; what may not be done is not found."""
        raise NotImplementedError

    def around(self) -> dict[str, Any]:
        return self.small_frame(self.title)


class Submit(AnswersQuestion, AwardPage, Act):
    """What a careful reader asks, who will be asked, then send."""

    needs = "submit"
    form_class = SubmitForm
    template_name = "evaluation/submit.html"
    title = button = lazy("Send for approval")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        memo = memo_of(self.award)
        chain, refusal = self._chain()
        return super().get_context_data(memo=memo, flags=flags(memo), chain=chain, refusal=refusal, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"justification": self.award.justification}

    def document(self) -> tuple[str, int]:
        """An award."""
        return DocumentType.AWARD, self.award.pk

    def _chain(self) -> tuple[list[Turn], str]:
        try:
            return awards.preview(self.award, sender=self.user, at=self.at), ""
        except RuleViolation as refusal:
            return [], str(refusal)

    def act(self, form: Any) -> None:
        why = form.cleaned_data["justification"]
        sent = awards.submit(award_id=self.award.pk, actor=self.user, justification=why, answer=form.said)
        active = sent.status == Award.Status.ACTIVE
        words = (
            _("%(number)s is active: nobody had to be asked.")
            if active
            else _("%(number)s was sent for approval.")
        )
        self.done = words % {"number": sent.number}


class Withdraw(AwardPage, Act):
    """Take it back from approval."""

    needs = "withdraw"
    title = button = lazy("Take back")
    text = lazy(
        "The people who were asked no longer need to decide. You can change the award and send it again."
    )
    done = lazy("Taken back. It is a draft again.")

    def act(self, form: Any) -> None:
        awards.withdraw(award_id=self.award.pk, actor=self.user)


class Cancel(AwardPage, Act):
    """Give an award up before a contract was made of it."""

    needs = "cancel"
    form_class = CancelForm
    title = button = lazy("Cancel the award")
    text = lazy("Its quantities are free again and may be awarded otherwise. This cannot be undone.")
    done = lazy("The award is cancelled.")
    danger = True

    @cached_property
    def told(self) -> int:
        """How many bidders know of it."""
        return withdrawals.told_of(self.award).count()

    @property
    def warning(self) -> str:  # type: ignore[override]
        """That bidders know of it, and will be told."""
        if not self.told:
            return ""
        words = ngettext(
            "%(count)d bidder has been told of this award. It will get a message and a mail: the result no longer holds,"
            " and the procedure goes on.",
            "%(count)d bidders have been told of this award. Each of them will get a message and a mail: the result no"
            " longer holds, and the procedure goes on.",
            self.told,
        )
        return words % {"count": self.told}

    def get_form_kwargs(self) -> dict[str, Any]:
        """With how many bidders the officer is warned of."""
        return {**super().get_form_kwargs(), "told": self.told}

    def act(self, form: Any) -> None:
        said = form.cleaned_data
        awards.cancel(
            award_id=self.award.pk,
            reason=said["reason"],
            to_bidders=said.get("to_bidders", ""),
            seen_told=said["told"] or 0,
            actor=self.user,
        )


class Close(OpenedPage, Act):
    """Award nothing more: what no award holds goes back to the pool."""

    needs = "close"
    form_class = EndForm
    title = button = lazy("Close without a further award")
    danger = True

    @property
    def text(self) -> str:  # type: ignore[override]
        """What it means for this one."""
        if self.awarded:
            return _(
                "What no award holds goes back to the pool; the RFQ counts as awarded. This cannot be undone."
            )
        return _(
            "No bid is taken, and bidders are told. All lines go back to the pool. This cannot be undone."
        )

    @cached_property
    def awarded(self) -> bool:
        """Whether an award holds any of it."""
        return self.rfq.lines.filter(awarded__gt=0).exists()

    def act(self, form: Any) -> None:
        said = form.cleaned_data
        rfq = awards.close(rfq_id=self.rfq.pk, code=said["code"], note=said["note"], actor=self.user)
        ended = rfq.status == Rfq.Status.UNSUCCESSFUL
        self.done = (
            _("The RFQ ended without a winner; its lines are in the pool again.")
            if ended
            else _("The RFQ is awarded; what no award holds is in the pool again.")
        )

"""Whose turn it is after the opening: officers compare and award, evaluators score, returned awards come back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User
from procurement.common import turns
from procurement.common.turns import CAP, Turn
from procurement.evaluation.models import Award, ResultLetter, Score
from procurement.organization.access import standing
from procurement.organization.models import Role
from procurement.rfqs.models import Criterion, Rfq, RfqLine


@turns.register
def to_award(user: User, at: datetime) -> Iterable[Turn]:
    """Opened RFQs of this officer with lines that no award holds."""
    if not standing(user).has(Role.OFFICER):
        return
    rest = RfqLine.objects.filter(rfq=OuterRef("pk"), awarded__lt=F("quantity"))
    live = Award.objects.filter(rfq=OuterRef("pk"), status__in=[Award.Status.IN_APPROVAL, *Award.EDITABLE])
    opened = Rfq.objects.filter(officer=user, status=Rfq.Status.OPENED)
    rows: QuerySet[Any] = opened.filter(Exists(rest), ~Exists(live)).annotate(
        partly=Exists(Award.objects.filter(rfq=OuterRef("pk"), status=Award.Status.ACTIVE))
    )
    for rfq in rows.order_by("opened_at", "pk")[:CAP]:
        yield Turn(
            kind="award",
            title=rfq.title,
            number=rfq.number or "",
            url=reverse("evaluation:comparison", args=[rfq.pk]),
            action=_("Compare and award"),
            why=_("Some lines are not awarded yet.") if rfq.partly else _("The bids are opened."),
            since=rfq.opened_at,
        )


@turns.register
def to_send(user: User, at: datetime) -> Iterable[Turn]:
    """This officer's awards that came back with a question, or were never sent."""
    if not standing(user).has(Role.OFFICER):
        return
    mine = Award.objects.filter(created_by=user, status__in=Award.EDITABLE).select_related("rfq")
    for award in mine.order_by("pk")[:CAP]:
        came_back = award.status == Award.Status.RETURNED
        yield Turn(
            kind="award",
            title=award.rfq.title,
            number=award.number,
            url=reverse("evaluation:award", args=[award.pk]),
            action=_("Answer the question") if came_back else _("Send for approval"),
            why=_("An approver returned the award.")
            if came_back
            else _("The award is proposed, but not sent."),
            since=award.decided_at if came_back else award.created_at,
        )


@turns.register
def to_tell(user: User, at: datetime) -> Iterable[Turn]:
    """This officer's RFQs that are decided, whose bidders do not know yet."""
    if not standing(user).has(Role.OFFICER):
        return
    told = ResultLetter.objects.holding().filter(rfq=OuterRef("pk"))
    active = Award.objects.filter(rfq=OuterRef("pk"), status=Award.Status.ACTIVE, origin="live")
    rows = Rfq.objects.filter(Exists(active), ~Exists(told), officer=user, status=Rfq.Status.AWARDED)
    for rfq in rows.order_by("opened_at", "pk")[:CAP]:
        yield Turn(
            kind="award",
            title=rfq.title,
            number=rfq.number or "",
            url=reverse("evaluation:results", args=[rfq.pk]),
            action=_("Send results"),
            why=_("It is awarded; the bidders wait for the result."),
            since=rfq.opened_at,
        )


@turns.register
def to_score(user: User, at: datetime) -> Iterable[Turn]:
    """Opened RFQs that this evaluator has not scored, while scores still count."""
    held = standing(user)
    if not held.has(Role.EVALUATOR):
        return
    companies = held.companies(Role.EVALUATOR)
    scored = Criterion.objects.filter(rfq=OuterRef("pk"), kind=Criterion.Kind.QUALITY)
    mine = Score.objects.filter(opened_bid__rfq=OuterRef("pk"), scorer=user)
    locked = Award.objects.filter(
        rfq=OuterRef("pk"), status__in=[Award.Status.IN_APPROVAL, Award.Status.ACTIVE]
    )
    rows = Rfq.objects.filter(Exists(scored), ~Exists(mine), ~Exists(locked), status=Rfq.Status.OPENED)
    if companies is not None:
        rows = rows.filter(company__in=companies)
    for rfq in rows.order_by("opened_at", "pk")[:CAP]:
        yield Turn(
            kind="score",
            title=rfq.title,
            number=rfq.number or "",
            url=reverse("evaluation:scores", args=[rfq.pk]),
            action=_("Score the bids"),
            why=_("The bids are opened."),
            since=rfq.opened_at,
        )

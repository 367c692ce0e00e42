"""How we decide: scores and awards."""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from procurement.bids.models import OpenedBid
from procurement.common.fields import AmountField, CurrencyField, QuantityField, RateField, UnitPriceField
from procurement.common.immutability import insert_only
from procurement.common.money import fits_currency
from procurement.common.states import Stateful
from procurement.common.text_search import search_index, searched
from procurement.organization.models import Company
from procurement.rfqs.models import Criterion, Rfq, RfqLine
from suppliers.registry.models import Supplier


class Score(models.Model):
    """One evaluator's points for one bid and one scored criterion, 0 to 100."""

    opened_bid = models.ForeignKey(OpenedBid, models.PROTECT, related_name="scores")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    scorer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    points = models.DecimalField(_("points"), max_digits=5, decimal_places=2)
    comment = models.CharField(_("comment"), max_length=500, blank=True, default="")
    scored_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["opened_bid", "criterion", "scorer"], name="score_once"),
            models.CheckConstraint(name="score_points", condition=Q(points__gte=0, points__lte=100)),
        ]

    def __str__(self) -> str:
        return f"{self.opened_bid_id}/{self.criterion_id}: {self.points}"


_SUBMITTED = ["in_approval", "active", "rejected", "cancelled"]
_LINES_FROZEN = """
    PERFORM 1 FROM evaluation_award a WHERE a.status IN ('draft', 'returned')
        AND a.id = CASE WHEN TG_OP = 'INSERT' THEN NEW.award_id ELSE OLD.award_id END;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'lines of an award that was sent for approval are final' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""


class Award(Stateful):
    """The decision who supplies what (授标). Live ones hold their quantities, so nothing is awarded twice."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Recommended")
        IN_APPROVAL = "in_approval", _("In approval")
        RETURNED = "returned", _("Returned")
        ACTIVE = "active", _("Active")
        REJECTED = "rejected", _("Rejected")
        CANCELLED = "cancelled", _("Cancelled")

    TONES: ClassVar[dict[str, str]] = {
        "draft": "idle",
        "in_approval": "wait",
        "returned": "wait",
        "active": "good",
        "rejected": "bad",
        "cancelled": "idle",
    }
    EDITABLE: ClassVar[frozenset[str]] = frozenset({"draft", "returned"})
    LIVE: ClassVar[frozenset[str]] = frozenset({"draft", "in_approval", "returned", "active"})

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=40, unique=True)
    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="awards")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    justification = models.TextField(_("why"), blank=True, default="", max_length=8000)
    currency = CurrencyField()
    net = AmountField(default=0, help_text=_("In the evaluation currency."))
    tax = AmountField(default=0)
    freight = AmountField(default=0, help_text=_("Part of the net amount, in the evaluation currency."))
    round = models.PositiveIntegerField(default=0)
    document_hash = models.CharField(max_length=64, blank=True, default="")
    origin = models.CharField(max_length=8, default="live")
    edit_version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    search_text = searched("number")

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        constraints = [
            models.CheckConstraint(
                name="award_amounts", condition=Q(net__gte=F("freight"), freight__gte=0, tax__gte=0)
            ),
            models.CheckConstraint(
                name="award_decided_has_time",
                condition=~Q(status__in=["active", "rejected"]) | Q(decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="award_submitted_is_whole",
                condition=~Q(status__in=["in_approval", "active", "rejected"])
                | (Q(submitted_at__isnull=False) & ~Q(document_hash="") & ~Q(justification="")),
            ),
            fits_currency("award_amount_scale", "net", "tax", "freight"),
        ]
        indexes = [
            models.Index(fields=["company", "status", "-id"], name="award_company"),
            models.Index(fields=["company", "-id"], name="award_listed"),
            models.Index(fields=["decided_at"], name="award_decided"),
            search_index("award_search"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="submitted_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status__in=_SUBMITTED)
                & (
                    pgtrigger.Q(old__justification__df=pgtrigger.F("new__justification"))
                    | pgtrigger.Q(old__net__df=pgtrigger.F("new__net"))
                    | pgtrigger.Q(old__tax__df=pgtrigger.F("new__tax"))
                    | pgtrigger.Q(old__freight__df=pgtrigger.F("new__freight"))
                    | pgtrigger.Q(old__document_hash__df=pgtrigger.F("new__document_hash"))
                    | pgtrigger.Q(old__rfq__df=pgtrigger.F("new__rfq"))
                    | pgtrigger.Q(old__number__df=pgtrigger.F("new__number"))
                ),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.number


class AwardLine(models.Model):
    """So much of a line goes to this bid at its price. Amounts are in the bid's currency; `eval_*` in the RFQ's."""

    award = models.ForeignKey(Award, models.CASCADE, related_name="lines")
    rfq_line = models.ForeignKey(RfqLine, models.PROTECT, related_name="+")
    opened_bid = models.ForeignKey(OpenedBid, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    quantity = QuantityField()
    unit_price = UnitPriceField()
    price_per = QuantityField(default=1)
    discount = RateField(default=0)
    tax_rate = RateField(default=0)
    currency = CurrencyField()
    net = AmountField()
    tax = AmountField()
    eval_net = AmountField()
    eval_tax = AmountField()
    lead_time_days = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["award", "rfq_line", "opened_bid"], name="award_line_once"),
            models.CheckConstraint(name="award_line_quantity", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="award_line_figures",
                condition=Q(
                    unit_price__gte=0,
                    price_per__gt=0,
                    discount__gte=0,
                    discount__lte=1,
                    net__gte=0,
                    tax__gte=0,
                ),
            ),
            fits_currency("award_line_amount_scale", "net", "tax"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=_LINES_FROZEN,
            )
        ]

    def __str__(self) -> str:
        return f"{self.award_id}/{self.rfq_line_id}"


class OwnPick(models.Model):
    """What one officer would award while comparing: so much of a line to this bid, or what the others leave of it.

    A worksheet of their own. It holds no quantities; only an award does.
    """

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="+")
    picker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    rfq_line = models.ForeignKey(RfqLine, models.PROTECT, related_name="+")
    opened_bid = models.ForeignKey(OpenedBid, models.PROTECT, related_name="+")
    quantity = QuantityField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["picker", "rfq_line", "opened_bid"], name="own_pick_once"),
            models.UniqueConstraint(
                fields=["picker", "rfq_line"],
                condition=Q(quantity__isnull=True),
                name="own_pick_one_takes_the_rest",
            ),
            models.CheckConstraint(
                name="own_pick_quantity", condition=Q(quantity__isnull=True) | Q(quantity__gt=0)
            ),
        ]
        indexes = [models.Index(fields=["picker", "rfq"], name="own_pick_of")]

    def __str__(self) -> str:
        return f"{self.rfq_line_id} → {self.opened_bid_id}"


class ComparisonLayout(models.Model):
    """Which suppliers somebody hides and keeps first in the comparison of an RFQ, until they choose otherwise."""

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    hidden = ArrayField(models.BigIntegerField(), default=list)
    pinned = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rfq", "person"], name="comparison_layout_once")]

    def __str__(self) -> str:
        return f"{self.rfq_id}/{self.person_id}"


class AwardFreight(models.Model):
    """The freight that goes with what one bid is awarded (运费): as its bid states it, so no tax is counted on it.

    Whole where the bid is awarded whole, else its share by net value. `eval_amount` is in the RFQ's currency.
    """

    award = models.ForeignKey(Award, models.CASCADE, related_name="freights")
    opened_bid = models.ForeignKey(OpenedBid, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    currency = CurrencyField()
    amount = AmountField()
    eval_amount = AmountField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["award", "opened_bid"], name="award_freight_once"),
            models.CheckConstraint(
                name="award_freight_above_zero", condition=Q(amount__gt=0, eval_amount__gte=0)
            ),
            fits_currency("award_freight_scale", "amount"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=_LINES_FROZEN,
            )
        ]

    def __str__(self) -> str:
        return f"{self.award_id}/{self.opened_bid_id}: {self.amount}"


class ResultLetterQuerySet(models.QuerySet["ResultLetter"]):
    """Letters, by whether they still hold."""

    def last_told(self) -> Self:
        """What each bidder was told last; `is_withdrawn` where it does not hold any more."""
        later = ResultLetter.objects.filter(opened_bid=OuterRef("opened_bid"), round__gt=OuterRef("round"))
        return self.with_standing().filter(~Exists(later))

    def holding(self) -> Self:
        """What bidders were told and may rely on."""
        return self.with_standing().filter(is_withdrawn=False)

    def with_standing(self) -> Self:
        """With `is_withdrawn`."""
        return self.annotate(is_withdrawn=Exists(ResultWithdrawal.objects.filter(letter=OuterRef("pk"))))


class ResultLetter(models.Model):
    """What one bidder is told of the decision (结果通知书): its own figures, who wins, why.

    Written once per bidder; a new round begins when the decision of which it told was withdrawn.
    """

    class Outcome(models.TextChoices):
        AWARDED = "awarded", _("Awarded")
        NOT_AWARDED = "not_awarded", _("Not awarded")
        NOT_COMPARED = "not_compared", _("Not compared")

    TONES: ClassVar[dict[str, str]] = {"awarded": "good", "not_awarded": "idle", "not_compared": "wait"}

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=40, unique=True)
    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="result_letters")
    opened_bid = models.ForeignKey(OpenedBid, models.PROTECT, related_name="result_letters")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField(default=1)
    outcome = models.CharField(max_length=12, choices=Outcome)
    content = models.JSONField(
        help_text="Own rank, scores and reasons, the winners' names; never others' prices."
    )
    content_hash = models.CharField(max_length=64)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    is_withdrawn: bool  # with_standing() says it

    objects = ResultLetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter of result")
        verbose_name_plural = _("letters of result")
        constraints = [
            models.UniqueConstraint(fields=["opened_bid", "round"], name="result_letter_of_bid_once"),
            models.UniqueConstraint(fields=["rfq", "supplier", "round"], name="result_letter_once"),
            models.CheckConstraint(name="result_letter_says_something", condition=~Q(content_hash="")),
        ]
        triggers = insert_only()

    def __str__(self) -> str:
        return self.number

    @property
    def tone(self) -> str:
        """How its outcome is coloured."""
        return self.TONES[self.outcome]


class ResultWithdrawal(models.Model):
    """A bidder is told that its result no longer holds (撤回结果), because an award it knew of was cancelled.

    Written once per letter and award: where several awards were told, one of them may fall after the other.
    """

    letter = models.ForeignKey(ResultLetter, models.PROTECT, related_name="withdrawals")
    award = models.ForeignKey(Award, models.PROTECT, related_name="+")
    content = models.JSONField(
        help_text="The reason meant for bidders, and how many lines of its own still stand; nothing of others."
    )
    content_hash = models.CharField(max_length=64)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["letter", "award"], name="result_withdrawal_once"),
            models.CheckConstraint(name="result_withdrawal_says_something", condition=~Q(content_hash="")),
        ]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.letter_id}/{self.award_id}"

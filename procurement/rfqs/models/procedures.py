"""The rules of procedures as data: what a kind of procedure asks for, and what each RFQ keeps of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from procurement.common.fields import AmountField
from procurement.common.figures import clauses
from procurement.common.languages import in_readers_language


class Procedure(models.Model):
    """The rules of a procedure, as data. Presets hold them for later RFQs, each RFQ holds its own copy."""

    class Visibility(models.TextChoices):
        INVITED = "invited", _("Invited suppliers only")

    min_bidders = models.PositiveSmallIntegerField(_("least number of suppliers invited"), default=3)
    min_bids = models.PositiveSmallIntegerField(
        _("least number of bids"),
        default=3,
        help_text=_("With fewer, the need is asked for again, or somebody says why one goes on."),
    )
    min_bid_days = models.PositiveSmallIntegerField(_("least days to bid"), default=5)
    max_bidders = models.PositiveSmallIntegerField(
        _("most suppliers invited"), null=True, blank=True, help_text=_("Empty: as many as one likes")
    )
    max_estimate = AmountField(
        _("highest estimate, net"),
        null=True,
        blank=True,
        default=None,
        help_text=_("In the currency of the RFQ; empty: no limit"),
    )
    openers_required = models.PositiveSmallIntegerField(_("openers"), default=2)
    estimate_visible = models.BooleanField(_("estimate shown to bidders"), default=False)
    visibility = models.CharField(
        _("who may bid"), max_length=8, choices=Visibility, default=Visibility.INVITED
    )
    sealing_level = models.PositiveSmallIntegerField(_("sealing level"), default=1)
    default_price_weight = models.PositiveSmallIntegerField(_("weight of the price"), default=100)
    discloses_winning_total = models.BooleanField(
        _("bidders learn the winning total"),
        default=False,
        help_text=_("Result letters name the winners always, and what they get where this is set."),
    )

    class Meta:
        abstract = True

    @property
    def least(self) -> str:
        """What it asks for at least: at least 3 suppliers, 5 days."""
        suppliers = ngettext("at least %(count)d supplier", "at least %(count)d suppliers", self.min_bidders)
        days = ngettext("%(days)d day", "%(days)d days", self.min_bid_days)
        return clauses([suppliers % {"count": self.min_bidders}, days % {"days": self.min_bid_days}])


class ProcedurePreset(Procedure):
    """A kind of procedure an officer may choose: RFQ, invited tender. Later edits change nothing under way."""

    code = models.CharField(_("code"), max_length=24, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80, blank=True, default="")
    legal_source = models.CharField(_("source of the rule"), max_length=200, blank=True, default="")
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("procedure preset")
        verbose_name_plural = _("procedure presets")
        constraints = [
            models.CheckConstraint(
                name="preset_two_openers",
                condition=Q(openers_required__gte=2),
                violation_error_message=_("At least two openers."),
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language, where there is one."""
        return in_readers_language(self.name, self.name_en)

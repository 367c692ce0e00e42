"""What people are told: one notice per person and event, mailed once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from procurement.common.models import Event
from workflows.notices.kinds import Words, words_of


class Notice(models.Model):
    """One person is told of one event, in the product and by mail; the mail goes out once."""

    class Mail(models.TextChoices):
        NONE = "none", _("Not by mail")
        DUE = "due", _("To be sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    event = models.ForeignKey(Event, models.PROTECT, related_name="notices")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=60)
    facts = models.JSONField(default=dict, help_text="What the text is filled from; no bid content.")
    url = models.CharField(max_length=200)
    mail = models.CharField(max_length=6, choices=Mail, default=Mail.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    message_id = models.CharField(
        max_length=120, unique=True, help_text="Deterministic, so that a mail sent twice is one."
    )
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.UniqueConstraint(fields=["event", "recipient"], name="notice_once")]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notice_recipient"),
            models.Index(fields=["recipient"], name="notice_unread", condition=Q(read_at__isnull=True)),
            models.Index(fields=["next_attempt_at"], name="notice_mail_due", condition=Q(mail="due")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient_id}"

    @property
    def words(self) -> Words:
        """What it says, in the reader's language."""
        return words_of(self.kind, self.facts)

    @property
    def title(self) -> str:
        """Its first line."""
        return self.words.title

    @property
    def text(self) -> str:
        """The sentence below."""
        return self.words.text

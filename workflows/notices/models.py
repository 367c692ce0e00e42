"""What people are told: one notice per person and event, mailed once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from procurement.common.models import Event
from workflows.notices.kinds import Words, words_of


class Channel(models.TextChoices):
    """How somebody wants to hear of a kind of notice."""

    NOW = "now", _("Here, and by mail at once")
    DIGEST = "digest", _("Here, and in one mail a day")
    HERE = "here", _("Here only")
    OFF = "off", _("Not at all")


class Preference(models.Model):
    """One person's choice for one kind of notice; without a row it is mailed at once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_preferences")
    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=6, choices=Channel)

    class Meta:
        verbose_name = _("notice preference")
        verbose_name_plural = _("notice preferences")
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="preference_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind}: {self.channel}"


class Digest(models.Model):
    """One mail a day with everything that was to wait for it; the day is the recipient's own."""

    class Mail(models.TextChoices):
        NONE = "none", _("Not by mail")
        DUE = "due", _("To be sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="digests")
    day = models.DateField()
    mail = models.CharField(max_length=6, choices=Mail, default=Mail.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    message_id = models.CharField(max_length=120, unique=True)
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        constraints = [
            models.UniqueConstraint(fields=["recipient", "day"], name="digest_once_a_day"),
            models.CheckConstraint(
                name="digest_sent_has_time",
                condition=Q(mail="sent", sent_at__isnull=False) | (~Q(mail="sent") & Q(sent_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="digest_mail_due", condition=Q(mail="due")),
            models.Index(fields=["id"], name="digest_mail_failed", condition=Q(mail="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_id} {self.day}"


class Notice(models.Model):
    """One person is told of one event, in the product and by mail; the mail goes out once."""

    class Mail(models.TextChoices):
        NONE = "none", _("Not by mail")
        DUE = "due", _("To be sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        DIGEST = "digest", _("In the day's mail")

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
    digest = models.ForeignKey(Digest, models.PROTECT, null=True, related_name="notices")
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
            models.Index(fields=["id"], name="notice_mail_failed", condition=Q(mail="failed")),
            models.Index(
                fields=["recipient"],
                name="notice_digest_due",
                condition=Q(mail="digest", digest__isnull=True),
            ),
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

"""Foundations that know no business noun: events, files, renderings, jobs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from procurement.common.immutability import insert_only
from procurement.common.states import Stateful

# The digest covers everything the row says. Computed by the database, so that no door can forget it,
# and recomputed from the same text by `verify_audit`.
EVENT_DIGEST = """encode(sha256(convert_to(concat_ws(chr(31),
        NEW.key::text, NEW.verb, NEW.subject_type, NEW.subject_id::text, coalesce(NEW.rfq_id::text, '-'),
        coalesce(NEW.actor_id::text, '-'), coalesce(NEW.on_behalf_of_id::text, '-'),
        to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        to_char(NEW.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        NEW.transaction_id::text, NEW.facts::text, NEW.content_hash), 'UTF8')), 'hex')"""
_SEAL_EVENT = f"""
    NEW.recorded_at := clock_timestamp();
    NEW.transaction_id := pg_current_xact_id()::text::bigint;
    NEW.digest := {EVENT_DIGEST};
    RETURN NEW;
"""
# What went wrong may quote what was being made. Whoever only keeps the machine running sees this instead.
FAULT = "The kind of the error that stopped it, without its words."


class EventQuerySet(models.QuerySet["Event"]):
    """Recorded changes, as lists of them are asked for."""

    def about(self, *subjects: models.Model) -> EventQuerySet:
        """Changes of these documents."""
        condition = Q(pk__in=[])
        for subject in subjects:
            condition |= Q(subject_type=subject._meta.label_lower, subject_id=subject.pk)
        return self.filter(condition)


class Event(models.Model):
    """A recorded change: who did what to which document, when. Written once, in the change's own transaction.

    `facts` hold no bid content and no personal data; `content_hash` is that of the immutable row the event speaks of.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    rfq_id = models.BigIntegerField(null=True, help_text="The RFQ this belongs to, where there is one.")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(help_text="When it happened; a replayed document has its own clock.")
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    transaction_id = models.BigIntegerField(db_default=0, editable=False)
    facts = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True, default="")
    digest = models.CharField(max_length=64, db_default="", editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_subject"),
            models.Index(fields=["rfq_id", "id"], name="event_rfq", condition=Q(rfq_id__isnull=False)),
            models.Index(fields=["transaction_id", "id"], name="event_transaction"),
        ]
        triggers = [
            *insert_only(),
            pgtrigger.Trigger(
                name="seal", when=pgtrigger.Before, operation=pgtrigger.Insert, func=_SEAL_EVENT
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type}:{self.subject_id}"


class EventLink(models.Model):
    """The chain: a gapless position and the digest of the link before plus the event's own."""

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, models.PROTECT, related_name="link")
    digest = models.CharField(max_length=64)

    class Meta:
        triggers = insert_only()

    def __str__(self) -> str:
        return f"#{self.position}"


class Delivery(models.Model):
    """An effect that an event must have (a mail, a rendering, an opening), each exactly once."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    event = models.ForeignKey(Event, models.PROTECT, related_name="deliveries")
    consumer = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "consumer"], name="delivery_once")]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="delivery_due", condition=Q(state="pending")),
            models.Index(fields=["id"], name="delivery_failed", condition=Q(state="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.consumer}:{self.event_id}"


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    """Files, by how long they are kept."""

    def kept(self) -> Self:
        """What may be read now, however late the sweep is."""
        return self.filter(Q(kept_until=None) | Q(kept_until__gt=Now()))

    def past(self) -> Self:
        """What may go; never a file without an end."""
        return self.filter(kept_until__lte=Now())


class StoredFile(Stateful):
    """A file in storage. Sealed files hold ciphertext only; their key lies in the bid that names them.

    What belongs to the record is kept for ever, and the database lets nobody give it an end later. Only what was made
    for one look says from the start until when it is kept.
    """

    class Status(models.TextChoices):
        QUARANTINED = "quarantined", _("Being checked")
        CLEAN = "clean", _("Checked")
        REFUSED = "refused", _("Refused")

    TONES: ClassVar[dict[str, str]] = {"quarantined": "wait", "clean": "good", "refused": "bad"}

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200, unique=True, help_text="Random name below the media root.")
    sealed = models.BooleanField(default=False)
    status = models.CharField(max_length=12, choices=Status, default=Status.QUARANTINED)
    reason = models.CharField(max_length=200, blank=True, default="")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    kept_until = models.DateTimeField(null=True, help_text="Empty: for ever, as everything of the record.")

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(name="file_size_not_negative", condition=Q(size__gte=0))]
        indexes = [
            models.Index(fields=["sha256"], name="file_by_digest"),
            models.Index(fields=["kept_until"], name="file_past", condition=Q(kept_until__isnull=False)),
        ]
        triggers = [
            pgtrigger.Protect(
                name="record_has_no_end",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__kept_until__isnull=True, new__kept_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_kept_at(self, moment: datetime) -> bool:
        """Whether it may be read."""
        return self.kept_until is None or moment < self.kept_until


class Rendering(Stateful):
    """A printed document: a template filled from one version of a subject, in one language, by its input's hash."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting to be made")
        RUNNING = "running", _("Being made")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Failed")

    TONES: ClassVar[dict[str, str]] = {"pending": "wait", "running": "wait", "done": "good", "failed": "bad"}

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    template = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    version = models.PositiveIntegerField(default=1)
    language = models.CharField(max_length=10)
    input_hash = models.CharField(max_length=64, blank=True, default="")
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, default="")
    fault = models.CharField(max_length=80, blank=True, default="", db_default="", help_text=FAULT)
    pages = models.PositiveIntegerField(null=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["template", "subject_type", "subject_id", "version", "language"],
                name="rendering_once",
            ),
            models.CheckConstraint(
                name="rendering_done_has_file", condition=~Q(status="done") | Q(file__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["input_hash"], name="rendering_by_digest", opclasses=["varchar_pattern_ops"]
            ),
            models.Index(
                fields=["requested_at"], name="rendering_due", condition=Q(status__in=["pending", "running"])
            ),
            models.Index(fields=["id"], name="rendering_failed", condition=Q(status="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.subject_id} v{self.version} {self.language}"


class Job(Stateful):
    """Long work that a person started and may come back to: done of total, and a message."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    TONES: ClassVar[dict[str, str]] = {"waiting": "wait", "running": "go", "done": "good", "failed": "bad"}

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True, default="")
    fault = models.CharField(max_length=80, blank=True, default="", db_default="", help_text=FAULT)
    attempts = models.PositiveSmallIntegerField(default=0)
    arguments = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="job_done_within_total", condition=Q(done__lte=F("total")) | Q(total=0)
            )
        ]
        indexes = [
            models.Index(fields=["started_by", "-id"], name="job_mine"),
            models.Index(
                fields=["created_at"], name="job_due", condition=Q(status__in=["waiting", "running"])
            ),
            models.Index(fields=["id"], name="job_failed", condition=Q(status="failed")),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in {self.Status.DONE, self.Status.FAILED}

    @property
    def url(self) -> str:
        """The page that came of it, if any."""
        return str(self.result.get("url", ""))

    @property
    def again_url(self) -> str:
        """Where the same can be made anew, if it was a file for one look."""
        return str(self.result.get("again", ""))

    def file_at(self, moment: datetime) -> StoredFile | None:
        """The file that came of it, as long as it is kept."""
        return self.file if self.file and self.file.is_kept_at(moment) else None

    @property
    def had_file(self) -> bool:
        """Whether a file came of it, kept or not."""
        return bool(self.file_id or self.result.get("file"))


class SavedFilter(models.Model):
    """How one person narrows one list, under a name of their own; one of them may be what the list opens with."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    listing = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=2000, help_text="The part of the address that narrows.")
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "listing", "name"], name="saved_filter_name"),
            models.UniqueConstraint(
                fields=["user", "listing"], condition=Q(is_default=True), name="saved_filter_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name

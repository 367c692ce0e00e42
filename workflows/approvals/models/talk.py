"""What is said about a document in approval, and who wants to hear of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from procurement.common.immutability import insert_only
from procurement.common.models import StoredFile
from workflows.approvals.models.cases import ApprovalCase, ApprovalStep
from workflows.approvals.models.rules import DocumentType


class Comment(models.Model):
    """One remark in a round of approval; with a `step`, it came with that decision. Never changed."""

    case = models.ForeignKey(ApprovalCase, models.PROTECT, related_name="comments")
    step = models.ForeignKey(ApprovalStep, models.PROTECT, null=True, related_name="remarks")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    text = models.CharField(_("comment"), max_length=2000, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("created_at", "pk")
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.author_id}: {self.text[:40]}"


class Mention(models.Model):
    """Somebody was named in a comment: they are told, and may see the case."""

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["comment", "user"], name="mention_once")]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.comment_id} @{self.user_id}"


class CommentFile(models.Model):
    """A file that came with a comment or a decision."""

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="files")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    title = models.CharField(max_length=160)

    class Meta:
        ordering = ("pk",)
        triggers = insert_only()

    def __str__(self) -> str:
        return self.title


class Watch(models.Model):
    """Somebody wants to hear how a document's approval goes on."""

    document_type = models.CharField(max_length=12, choices=DocumentType)
    document_id = models.BigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document_type", "document_id", "user"],
                condition=Q(ended_at__isnull=True),
                name="watch_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.document_type} {self.document_id} @{self.user_id}"

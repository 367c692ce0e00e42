"""Remarks on a document in approval, with people named and files attached; and who watches how it goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model, Q
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.models import StoredFile
from procurement.organization.models import Person
from workflows.approvals.models import (
    ApprovalCase,
    ApprovalStep,
    Comment,
    CommentFile,
    Mention,
    Watch,
)
from workflows.approvals.permissions import visible_to

LONGEST = 2000
MOST_NAMED = 10


class NothingSaid(RuleViolation):
    """A remark without words and without a file."""


class CannotBeNamed(RuleViolation):
    """Only people of our side are named."""


@transaction.atomic
def comment(
    *,
    case_id: int,
    actor: User,
    text: str,
    mentioned: Sequence[int] = (),
    files: Iterable[tuple[StoredFile, str]] = (),
    step: ApprovalStep | None = None,
    clock: Clock = database_clock,
) -> Comment:
    """Say something about a round of approval. Whoever is named is told and may see the case from then on.

    Only whoever sees the case may speak. With a `step` it came with that decision. Raises NothingSaid, CannotBeNamed.
    """
    case = visible_to(actor).filter(pk=case_id).first()
    text, attached, named = text.strip()[:LONGEST], list(files), sorted(set(mentioned) - {actor.pk})
    if case is None or (not text and not attached):
        raise NothingSaid(_("Write something, or attach a file."), field="text")
    known = Person.objects.filter(user__in=named, user__is_active=True).count()
    if known != len(named) or len(named) > MOST_NAMED:
        raise CannotBeNamed(_("Name up to ten people of our side who are in office."), field="mentioned")
    at = clock()
    made = Comment.objects.create(
        case=case,
        step=step,
        author=actor,
        on_behalf_of=step.on_behalf_of if step else None,
        text=text,
        created_at=at,
    )
    Mention.objects.bulk_create(Mention(comment=made, user_id=key) for key in named)
    CommentFile.objects.bulk_create(
        CommentFile(comment=made, file=file, title=title[:160]) for file, title in attached
    )
    facts = {"case": case.pk, "document_type": case.document_type, "number": case.number, "named": named}
    _record("approval.commented", made, case, actor, at, facts)
    return made


def _record(
    verb: str, subject: Model, case: ApprovalCase, actor: User, at: datetime, facts: dict[str, Any]
) -> None:
    events.record(
        verb,
        subject=subject,
        actor=actor,
        at=at,
        rfq_id=case.rfq_id,
        facts=facts,
        content_hash=case.document_hash,
    )


@transaction.atomic
def watch(*, case: ApprovalCase, user: User, actor: User, clock: Clock = database_clock) -> Watch:
    """Hear how the document's approval goes on; a second time it stays as it is. Raises CannotBeNamed.

    One adds oneself, or whoever has the case before them adds somebody of our side.
    """
    if not Person.objects.filter(user=user, user__is_active=True).exists():
        raise CannotBeNamed(_("Only people of our side who are in office can watch."), field="person")
    document = {"document_type": case.document_type, "document_id": case.document_id, "user": user}
    at = clock()
    try:
        with transaction.atomic():
            made = Watch.objects.create(**document, added_by=actor, created_at=at)
    except IntegrityError:
        return Watch.objects.get(**document, ended_at=None)
    _record("approval.watched", case, case, actor, at, {"case": case.pk, "watcher": user.pk})
    return made


@transaction.atomic
def stop_watching(*, case: ApprovalCase, user: User, clock: Clock = database_clock) -> None:
    """Not interested any more; nothing when one was not watching."""
    Watch.objects.filter(
        Q(ended_at=None), document_type=case.document_type, document_id=case.document_id, user=user
    ).update(ended_at=clock())

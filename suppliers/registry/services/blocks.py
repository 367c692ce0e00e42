"""Blocks by process (按环节限制): a warning or a stop for inviting, awarding or ordering, for a time and a reason.

Whoever keeps the register sets one; lifting it before its time takes a second person.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.figures import date_text
from procurement.common.locks import lock
from suppliers.registry.models import ProcessBlock, Supplier
from suppliers.registry.services.register import SupplierBlocked

Process, Effect = ProcessBlock.Process, ProcessBlock.Effect


class SecondPersonNeeded(RuleViolation):
    """Who asked for a block to be lifted does not lift it."""


@transaction.atomic
def set_block(
    *,
    supplier_id: int,
    process: str,
    effect: str,
    reason: str,
    actor: User,
    starts_on: date | None = None,
    ends_on: date | None = None,
    clock: Clock = database_clock,
) -> ProcessBlock:
    """Warn of a supplier, or keep it out, in one process, from one day to another. What is under way goes on."""
    supplier = lock(Supplier.objects.filter(pk=supplier_id))
    at = clock()
    if not reason.strip():
        raise RuleViolation(_("Say why."), field="reason")
    first = starts_on or timezone.localdate(at)
    if ends_on is not None and ends_on < first:
        raise RuleViolation(_("The last day is before the first."), field="ends_on")
    block = ProcessBlock.objects.create(
        supplier=supplier,
        process=process,
        effect=effect,
        reason=reason.strip()[:300],
        starts_on=first,
        ends_on=ends_on,
        set_by=actor,
        set_at=at,
    )
    _record("supplier.process_blocked", block, actor, at)
    return block


@transaction.atomic
def ask_to_lift(*, block_id: int, reason: str, actor: User, clock: Clock = database_clock) -> ProcessBlock:
    """Say why a block should go before its time; somebody else confirms that."""
    block = lock(ProcessBlock.objects.select_related("supplier").filter(pk=block_id))
    at = clock()
    _check_standing(block)
    if block.lift_asked_by_id is not None:
        raise AlreadyDone(
            _("%(who)s has asked for this already; another person must confirm it.")
            % {"who": block.lift_asked_by}
        )
    if not reason.strip():
        raise RuleViolation(_("Say why."), field="reason")
    block.lift_asked_by, block.lift_asked_at, block.lift_reason = actor, at, reason.strip()[:300]
    block.save(update_fields=["lift_asked_by", "lift_asked_at", "lift_reason"])
    _record("supplier.lift_asked", block, actor, at)
    return block


@transaction.atomic
def lift(*, block_id: int, actor: User, clock: Clock = database_clock) -> ProcessBlock:
    """Confirm, as a second person, that a block goes."""
    block = lock(ProcessBlock.objects.select_related("supplier").filter(pk=block_id))
    at = clock()
    _check_standing(block)
    if block.lift_asked_by_id is None:
        raise RuleViolation(_("Nobody has asked for this block to be lifted."))
    if block.lift_asked_by_id == actor.pk:
        raise SecondPersonNeeded(_("You asked for it yourself; another person must confirm."))
    block.lifted_by, block.lifted_at = actor, at
    block.save(update_fields=["lifted_by", "lifted_at"])
    _record("supplier.block_lifted", block, actor, at)
    return block


@transaction.atomic
def keep(*, block_id: int, actor: User, clock: Clock = database_clock) -> ProcessBlock:
    """Do not lift it: the request is turned down or taken back, the block stays."""
    block = lock(ProcessBlock.objects.select_related("supplier").filter(pk=block_id))
    at = clock()
    _check_standing(block)
    if block.lift_asked_by_id is None:
        raise AlreadyDone(_("Nobody has asked for this block to be lifted."))
    block.lift_asked_by, block.lift_asked_at, block.lift_reason = None, None, ""
    block.save(update_fields=["lift_asked_by", "lift_asked_at", "lift_reason"])
    _record("supplier.block_kept", block, actor, at)
    return block


def keeping_out(process: str, *, supplier: str = "pk") -> Exists:
    """Annotation: whether the supplier of a row is kept out of this process today. It costs no statement of its own."""
    standing = ProcessBlock.objects.standing().filter(process=process, effect=Effect.PREVENT)
    return Exists(standing.filter(supplier=OuterRef(supplier)))


def refuse_kept_out(supplier_ids: Collection[int], *, process: str) -> None:
    """Say who of these is kept out of this process, and why. Raises SupplierBlocked."""
    found = ProcessBlock.objects.standing().filter(process=process, effect=Effect.PREVENT)
    block = found.filter(supplier__in=supplier_ids).select_related("supplier").order_by("pk").first()
    if block is not None:
        raise SupplierBlocked(sentence_of(block))


def warnings(supplier_ids: Collection[int], *, process: str) -> list[str]:
    """What one should know of these suppliers before going on in this process. One statement."""
    found = ProcessBlock.objects.standing().filter(supplier__in=supplier_ids, process=process)
    return [sentence_of(block) for block in found.select_related("supplier").order_by("effect", "pk")]


def sentence_of(block: ProcessBlock) -> str:
    """Who, in what, until when, and why."""
    words = {
        "name": block.supplier.label,
        "process": block.get_process_display(),
        "reason": block.reason,
        "day": date_text(block.ends_on) if block.ends_on else "",
    }
    if block.effect == Effect.PREVENT:
        text = (
            _("%(name)s is blocked for “%(process)s” until %(day)s: %(reason)s")
            if block.ends_on
            else _("%(name)s is blocked for “%(process)s”: %(reason)s")
        )
    else:
        text = _("Take care with %(name)s in “%(process)s”: %(reason)s")
    return str(text % words)


def _check_standing(block: ProcessBlock) -> None:
    if block.lifted_at is not None:
        raise AlreadyDone(_("%(who)s has lifted this block already.") % {"who": block.lifted_by})


def _record(verb: str, block: ProcessBlock, actor: User, at: datetime) -> None:
    facts = {"process": block.process, "effect": block.effect, "reason": block.lift_reason or block.reason}
    events.record(verb, subject=block.supplier, actor=actor, at=at, facts=facts)

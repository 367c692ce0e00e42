"""Prepare an RFQ: terms, lines, criteria, documents. All of it ends when it is sent for approval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Unpack

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import files
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.figures import quantity_text
from procurement.requisitions import services as requisitions
from procurement.rfqs.models import (
    Allocation,
    Criterion,
    ProcedurePreset,
    Rfq,
    RfqDocument,
    RfqLine,
    RfqLineVersion,
)
from procurement.rfqs.services.data import (
    CriterionData,
    LineChange,
    Terms,
    TooMuch,
    check_editable,
    checked_criteria,
    checked_terms,
    locked,
    said_title,
)
from procurement.rfqs.services.sourcing import (
    RULES,
    covered_of,
    default_criteria,
    estimate_of,
    record_change,
    touch,
)

MOST_DOCUMENTS = 100


@transaction.atomic
def update(
    *,
    rfq_id: int,
    actor: User,
    title: str | None = None,
    preset: ProcedurePreset | None = None,
    edit_version: int | None = None,
    clock: Clock = database_clock,
    **terms: Unpack[Terms],
) -> Rfq:
    """Change the title and terms that are named; a form passes the `edit_version` it began with.

    Another preset brings its own rules and criteria, as they are now.
    """
    rfq = locked(rfq_id)
    at = clock()
    check_editable(rfq, edit_version)
    values = checked_terms(rfq, terms)
    if title is not None:
        values["title"] = said_title(title)
    another = preset is not None and preset.pk != rfq.preset_id
    if preset is not None and another:
        values |= {"preset": preset, **{name: getattr(preset, name) for name in RULES}}
    changed = [name for name, value in values.items() if getattr(rfq, name) != value]
    for name in changed:
        setattr(rfq, name, values[name])
    touch(rfq, *changed)
    if another:
        rfq.criteria.all().delete()
        Criterion.objects.bulk_create(default_criteria(rfq))
    record_change(rfq, "terms", actor=actor, at=at, fields=sorted(changed))
    return rfq


@transaction.atomic
def save_lines(
    *,
    rfq_id: int,
    changes: Sequence[LineChange],
    actor: User,
    edit_version: int | None = None,
    clock: Clock = database_clock,
) -> Rfq:
    """Change what lines say. A smaller quantity gives the rest back to the requisitions, the latest first.

    More than was taken from requisitions cannot be asked for: that is taken from the pool first.
    """
    rfq = locked(rfq_id)
    at = clock()
    check_editable(rfq, edit_version)
    versions = {version.line_id: version for version in _versions(rfq)}
    wanted = {change.line_id: change for change in changes}
    if not wanted.keys() <= versions.keys():
        raise RuleViolation(_("This line is not of this RFQ."))
    removed = {key for key, change in wanted.items() if change.remove}
    if removed == versions.keys():
        raise RuleViolation(_("An RFQ has at least one line. Cancel it instead."))
    _reduce(versions, wanted)
    for key, change in wanted.items():
        _write(versions[key], change)
    RfqLineVersion.objects.bulk_update(
        versions.values(), ["description", "specification", "quantity", "need_date"]
    )
    _store_identities(rfq, versions, removed)
    rfq.estimate = estimate_of(rfq)
    touch(rfq, "estimate")
    record_change(rfq, "lines", actor=actor, at=at, changed=len(wanted), removed=len(removed))
    return rfq


@transaction.atomic
def set_criteria(
    *,
    rfq_id: int,
    criteria: Sequence[CriterionData],
    actor: User,
    edit_version: int | None = None,
    clock: Clock = database_clock,
) -> Rfq:
    """Say what bids are judged by. Raises WrongCriteria unless the weights sum to 100 exactly."""
    rfq = locked(rfq_id)
    at = clock()
    check_editable(rfq, edit_version)
    checked_criteria(criteria)
    rfq.criteria.all().delete()
    Criterion.objects.bulk_create(
        Criterion(rfq=rfq, position=position, kind=one.kind, name=one.name.strip()[:120], weight=one.weight)
        for position, one in enumerate(criteria, start=1)
    )
    touch(rfq)
    record_change(rfq, "criteria", actor=actor, at=at)
    return rfq


@transaction.atomic
def add_document(
    *, rfq_id: int, upload: UploadedFile[Any], title: str, actor: User, clock: Clock = database_clock
) -> RfqDocument:
    """Add a file that bidders may read. Raises FileRefused."""
    rfq = locked(rfq_id)
    at = clock()
    check_editable(rfq)
    if rfq.documents.count() >= MOST_DOCUMENTS:
        raise RuleViolation(
            _("An RFQ holds at most %(most)d files.") % {"most": MOST_DOCUMENTS}, field="file"
        )
    stored = files.store_upload(upload, uploaded_by=actor)
    document = RfqDocument.objects.create(
        rfq=rfq, file=stored, title=(title.strip() or stored.name)[:160], revision=rfq.revision
    )
    touch(rfq)
    record_change(rfq, "documents", actor=actor, at=at, added=stored.sha256)
    return document


@transaction.atomic
def remove_document(*, rfq_id: int, document_id: int, actor: User, clock: Clock = database_clock) -> None:
    """Take a file off an RFQ that nobody outside has seen."""
    rfq = locked(rfq_id)
    at = clock()
    check_editable(rfq)
    document = rfq.documents.select_related("file").get(pk=document_id)
    document.delete()
    touch(rfq)
    record_change(rfq, "documents", actor=actor, at=at, removed=document.file.sha256)


def _versions(rfq: Rfq) -> list[RfqLineVersion]:
    latest = RfqLineVersion.objects.filter(line__rfq=rfq, revision=rfq.revision)
    return list(latest.select_related("line").order_by("line__position"))


def _write(version: RfqLineVersion, change: LineChange) -> None:
    if change.remove:
        return
    if not change.description.strip():
        raise RuleViolation(_("Say what is asked for."), field="description")
    version.description, version.specification = change.description.strip(), change.specification.strip()
    version.quantity, version.need_date = change.quantity, change.need_date


def _reduce(versions: dict[int, RfqLineVersion], wanted: dict[int, LineChange]) -> None:
    """Give back to the requisitions what the lines do not ask for any more."""
    targets = {
        key: Decimal(0) if change.remove else change.quantity
        for key, change in wanted.items()
        if change.remove or change.quantity != versions[key].quantity
    }
    if not targets:
        return
    covered = covered_of(targets)
    for key, target in targets.items():
        lacking = versions[key].quantity > covered.get(key, Decimal(0))
        _check_quantity(versions[key], target, removed=wanted[key].remove, lacking=lacking)
    rows = Allocation.objects.filter(rfq_line__in=targets).order_by("-pk")
    back: dict[int, Decimal] = defaultdict(Decimal)
    excess = {key: max(Decimal(0), covered.get(key, Decimal(0)) - target) for key, target in targets.items()}
    smaller: list[Allocation] = []
    gone: list[Allocation] = []
    for row in rows:
        returned = min(row.quantity * row.factor, excess[row.rfq_line_id])
        if not returned:
            continue
        excess[row.rfq_line_id] -= returned
        back[row.requisition_line_id] += returned / row.factor
        row.quantity -= returned / row.factor
        (smaller if row.quantity else gone).append(row)
    Allocation.objects.filter(pk__in=[row.pk for row in gone]).delete()
    Allocation.objects.bulk_update(smaller, ["quantity"])
    requisitions.unsource(back)


def _check_quantity(version: RfqLineVersion, target: Decimal, *, removed: bool, lacking: bool) -> None:
    if not removed and not (target.is_finite() and target > 0):
        raise RuleViolation(_("More than zero, please."), field="quantity")
    if (
        target > version.quantity and not lacking
    ):  # a copied line may ask first and be filled from the pool later
        words = {
            "position": version.line.position,
            "most": quantity_text(version.quantity),
        }
        raise TooMuch(
            _("Line %(position)d: the requisitions ask for %(most)s. Take more from the pool first.") % words,
            field="quantity",
        )


def _store_identities(rfq: Rfq, versions: dict[int, RfqLineVersion], removed: set[int]) -> None:
    """Lines keep their keys; the ones that stay are counted from one again."""
    RfqLine.objects.filter(pk__in=removed).delete()
    kept = [version.line for key, version in versions.items() if key not in removed]
    for position, line in enumerate(kept, start=1):
        line.position, line.quantity = position, versions[line.pk].quantity
    RfqLine.objects.bulk_update(kept, ["position", "quantity"])

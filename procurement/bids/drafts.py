"""Drafts: what a supplier is working on, encrypted under the draft key, gone at the deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from procurement.accounts.models import User
from procurement.bids import keys
from procurement.bids.admission import require_invited, require_open
from procurement.bids.crypto import LARGEST_PLAINTEXT, decrypt, encrypt, pad, unpad
from procurement.bids.models import BidDraft
from procurement.bids.payload import Attachment
from procurement.bids.typed import Typed
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation, StaleEdit
from procurement.common.figures import moment_text
from procurement.common.locks import lock_shared
from procurement.rfqs.models import Rfq
from suppliers.registry.models import Supplier


class DraftChanged(StaleEdit):
    """A colleague (or another page of the same person) saved the draft in the meantime."""


@dataclass(frozen=True, slots=True, repr=False)
class Draft:
    """A draft as read: its content and the version that the next save must name. Version 0 is none yet."""

    typed: Typed
    edit_version: int = 0
    rfq_revision: int = 0
    updated_at: datetime | None = None


@sensitive_variables()
def load(*, rfq: Rfq, supplier_id: int, at: datetime) -> Draft:
    """The supplier's draft; an empty one where there is none, and for everybody once bidding has closed."""
    row = (
        BidDraft.objects.filter(rfq=rfq, supplier_id=supplier_id).first() if rfq.accepts_bids_at(at) else None
    )
    return Draft(Typed()) if row is None else _opened(row)


@sensitive_variables()
@transaction.atomic
def save(
    *,
    rfq_id: int,
    supplier: Supplier,
    typed: Typed,
    edit_version: int,
    actor: User,
    attachments: Callable[[tuple[Attachment, ...]], tuple[Attachment, ...]] = tuple,
    clock: Clock = database_clock,
) -> Draft:
    """Keep what was typed, right or wrong; `Edits` change some cells of what is there, a whole `Typed` replaces it.

    Attachments are not typed: `attachments` changes those that are there.
    Raises DraftChanged when somebody else saved since `edit_version`, BiddingClosed after the deadline.
    """
    rfq = lock_shared(Rfq.objects.filter(pk=rfq_id))
    row = BidDraft.objects.select_for_update(no_key=True).filter(rfq_id=rfq_id, supplier=supplier).first()
    at = clock()
    require_open(rfq, at)
    require_invited(rfq_id=rfq_id, supplier_id=supplier.pk, actor=actor)
    present = _opened(row) if row else Draft(Typed())
    own_page = bool(typed.tab) and typed.tab == present.typed.tab
    if edit_version != present.edit_version and not own_page:
        raise _changed(row)
    kept = replace(typed.onto(present.typed), attachments=attachments(present.typed.attachments))
    content = _content(rfq, supplier.pk, kept, actor)
    new_version = present.edit_version + 1
    if row:
        BidDraft.objects.filter(pk=row.pk).update(**content, edit_version=new_version, updated_at=at)
    else:
        _insert(BidDraft(rfq=rfq, supplier=supplier, **content, edit_version=new_version, updated_at=at))
    return Draft(kept, new_version, rfq.revision, at)


def _insert(row: BidDraft) -> None:
    try:
        with transaction.atomic():
            BidDraft.objects.bulk_create([row])
    except IntegrityError:  # two first saves at once
        raise _changed(None) from None


@sensitive_variables()
def reviewed(row: BidDraft | None, *, edit_version: int | None) -> Typed:
    """The draft that is about to be sent; refused when it is not the one the supplier has reviewed."""
    if row is None or edit_version not in (None, row.edit_version):
        raise _changed(row)
    return _opened(row).typed


@sensitive_variables()
def keep_copy(*, rfq: Rfq, supplier_id: int, typed: Typed, actor: User) -> None:
    """After a bid was sent: the copy from which the supplier may revise it, over whatever draft there was."""
    content = _content(rfq, supplier_id, typed, actor)
    mine = BidDraft.objects.filter(rfq=rfq, supplier_id=supplier_id)
    if not mine.update(**content, edit_version=F("edit_version") + 1, updated_at=Now()):
        BidDraft.objects.bulk_create([BidDraft(rfq=rfq, supplier_id=supplier_id, **content)])


@sensitive_variables()
def _content(rfq: Rfq, supplier_id: int, typed: Typed, actor: User) -> dict[str, Any]:
    plaintext = typed.to_bytes()
    if len(plaintext) > LARGEST_PLAINTEXT - 4:
        raise RuleViolation(_("This is more than a draft can hold."))
    ciphertext = encrypt(pad(plaintext), key=keys.draft_key(), context=_context(rfq.pk, supplier_id))
    return {"ciphertext": ciphertext, "rfq_revision": rfq.revision, "updated_by": actor}


def drop(*, rfq_id: int, supplier_id: int) -> None:
    """Keep no copy."""
    BidDraft.objects.filter(rfq_id=rfq_id, supplier_id=supplier_id).delete()


@sensitive_variables()
def _opened(row: BidDraft) -> Draft:
    plaintext = decrypt(
        bytes(row.ciphertext), key=keys.draft_key(), context=_context(row.rfq_id, row.supplier_id)
    )
    return Draft(Typed.from_bytes(unpad(plaintext)), row.edit_version, row.rfq_revision, row.updated_at)


def _context(rfq_id: int, supplier_id: int) -> bytes:
    return f"caigou/draft/v1|{rfq_id}|{supplier_id}".encode("ascii")


def _changed(row: BidDraft | None) -> DraftChanged:
    if row is None:
        return DraftChanged(_("This draft was changed or sent in the meantime."))
    when = moment_text(timezone.localtime(row.updated_at))
    return DraftChanged(
        _("%(name)s saved this draft at %(when)s, after you opened this page.")
        % {"name": row.updated_by, "when": when}
    )

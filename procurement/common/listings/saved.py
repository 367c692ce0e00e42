"""Filters that people keep under a name: their own, and nobody else's."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common.errors import RuleViolation
from procurement.common.listings.listing import Listing
from procurement.common.models import SavedFilter

MOST = 20  # of one list
LONGEST = 2000


class NameTaken(RuleViolation):
    """A person's filters of one list have different names."""


class NothingToSave(RuleViolation):
    """A filter that narrows nothing."""


def saved_of(user: Any) -> QuerySet[SavedFilter]:
    """A person's own filters, by name."""
    return SavedFilter.objects.filter(user=user).order_by("listing", "name", "pk")


@transaction.atomic
def keep(*, listing: Listing, query: str, name: str, actor: User) -> SavedFilter:
    """Remember what an address narrows a list by."""
    wanted = listing.kept(QueryDict(query))
    if not wanted:
        raise NothingToSave(_("Narrow the list first; then there is something to save."))
    if len(wanted) > LONGEST:
        raise RuleViolation(_("This filter is too long to save."))
    mine = _locked(actor, listing.name)
    if len(mine) >= MOST:
        raise RuleViolation(
            _("You have %(count)d saved filters of this list; delete one first.") % {"count": MOST}
        )
    _refuse_twin(mine, name)
    return SavedFilter.objects.create(user=actor, listing=listing.name, name=name, query=wanted)


@transaction.atomic
def rename(*, saved_id: int, name: str, actor: User) -> SavedFilter:
    """Call it something else."""
    saved = saved_of(actor).get(pk=saved_id)
    _refuse_twin([one for one in _locked(actor, saved.listing) if one.pk != saved_id], name)
    saved.name = name
    saved.save(update_fields=["name"])
    return saved


@transaction.atomic
def open_with(*, saved_id: int, wanted: bool, actor: User) -> SavedFilter:
    """Let the list open with it, or no longer."""
    saved = saved_of(actor).get(pk=saved_id)
    _locked(actor, saved.listing)
    SavedFilter.objects.filter(user=actor, listing=saved.listing, is_default=True).update(is_default=False)
    SavedFilter.objects.filter(pk=saved_id).update(is_default=wanted)
    saved.is_default = wanted
    return saved


@transaction.atomic
def forget(*, saved_id: int, actor: User) -> None:
    """Delete it; a second time changes nothing."""
    saved_of(actor).filter(pk=saved_id).delete()


def _locked(user: User, listing: str) -> list[SavedFilter]:
    """A person's filters of one list; the person's row is locked, so that two windows keep their order."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return list(SavedFilter.objects.filter(user=user, listing=listing))


def _refuse_twin(others: list[SavedFilter], name: str) -> None:
    if any(one.name == name for one in others):
        raise NameTaken(_("You have a filter of this name already."), field="name")

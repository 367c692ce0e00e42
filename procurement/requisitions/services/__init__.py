"""What can be done with a request. Every door (page, administration, import, replay) comes through here."""

from procurement.requisitions.services.allocation import OverAllocated, order, source, unorder, unsource
from procurement.requisitions.services.assigning import assign
from procurement.requisitions.services.data import HeaderData, LineData, LineRefused, WrongCompany
from procurement.requisitions.services.documents import attach, detach
from procurement.requisitions.services.drafting import copy, create, delete_draft, save, save_as_template
from procurement.requisitions.services.submission import (
    AlreadySourced,
    NotReady,
    approve,
    cancel,
    facts_of,
    reject,
    reopen,
    send_back,
    submit,
    withdraw,
)

__all__ = [
    "AlreadySourced",
    "HeaderData",
    "LineData",
    "LineRefused",
    "NotReady",
    "OverAllocated",
    "WrongCompany",
    "approve",
    "assign",
    "attach",
    "cancel",
    "copy",
    "create",
    "delete_draft",
    "detach",
    "facts_of",
    "order",
    "reject",
    "reopen",
    "save",
    "save_as_template",
    "send_back",
    "source",
    "submit",
    "unorder",
    "unsource",
    "withdraw",
]

"""Pages of RFQs."""

from procurement.rfqs.views.acts import (
    AddToTeam,
    Cancel,
    Extend,
    RemoveDocument,
    RemoveFromTeam,
    ShowDocument,
    Submit,
    Uninvite,
    Withdraw,
)
from procurement.rfqs.views.edit import Criteria, Documents, EditTerms, Lines, StartRfq, Suppliers
from procurement.rfqs.views.pages import History, Overview, RfqList, Team

__all__ = [
    "AddToTeam",
    "Cancel",
    "Criteria",
    "Documents",
    "EditTerms",
    "Extend",
    "History",
    "Lines",
    "Overview",
    "RemoveDocument",
    "RemoveFromTeam",
    "RfqList",
    "ShowDocument",
    "StartRfq",
    "Submit",
    "Suppliers",
    "Team",
    "Uninvite",
    "Withdraw",
]

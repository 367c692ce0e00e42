"""Lists: one mechanism for narrowing, remembering and exporting them. Rooms declare theirs in `lists.py`."""

from procurement.common.listings.columns import Column
from procurement.common.listings.filters import Choice, Dates, Filter, Flag, Part, Row, Words
from procurement.common.listings.listing import Found, Listing, Scope, listings, register

__all__ = [
    "Choice",
    "Column",
    "Dates",
    "Filter",
    "Flag",
    "Found",
    "Listing",
    "Part",
    "Row",
    "Scope",
    "Words",
    "listings",
    "register",
]

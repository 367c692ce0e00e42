"""What can be done with an RFQ. Every door (page, administration, import, replay) comes through here."""

from procurement.rfqs.services.data import (
    AlreadyAwarded,
    CriterionData,
    LineChange,
    MixedCurrencies,
    NotNow,
    NotReady,
    Terms,
    TooMuch,
    WrongCriteria,
)
from procurement.rfqs.services.drafting import (
    add_document,
    remove_document,
    save_lines,
    set_criteria,
    update,
)
from procurement.rfqs.services.inviting import (
    decline,
    invite,
    mark_delivered,
    uninvite,
    view_invitation,
)
from procurement.rfqs.services.outcome import (
    mark_awarded,
    mark_opened,
    mark_unsuccessful,
    rates_of,
    release_award,
    reserve_award,
)
from procurement.rfqs.services.sourcing import add_from_pool, create_from_pool
from procurement.rfqs.services.submission import (
    cancel,
    extend_deadline,
    facts_of,
    publish,
    reject,
    send_back,
    submit,
    withdraw,
)
from procurement.rfqs.services.team import add_to_team, remove_from_team, team_of

__all__ = [
    "AlreadyAwarded",
    "CriterionData",
    "LineChange",
    "MixedCurrencies",
    "NotNow",
    "NotReady",
    "Terms",
    "TooMuch",
    "WrongCriteria",
    "add_document",
    "add_from_pool",
    "add_to_team",
    "cancel",
    "create_from_pool",
    "decline",
    "extend_deadline",
    "facts_of",
    "invite",
    "mark_awarded",
    "mark_delivered",
    "mark_opened",
    "mark_unsuccessful",
    "publish",
    "rates_of",
    "reject",
    "release_award",
    "remove_document",
    "remove_from_team",
    "reserve_award",
    "save_lines",
    "send_back",
    "set_criteria",
    "submit",
    "team_of",
    "uninvite",
    "update",
    "view_invitation",
    "withdraw",
]

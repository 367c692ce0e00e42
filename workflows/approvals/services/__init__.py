"""Open a case, decide, pass on, withdraw. One winner each; whoever comes second is told who was first, and when."""

from workflows.approvals.services.deciding import (
    DECIDE,
    CommentNeeded,
    FreshLoginNeeded,
    LinesRefused,
    NotYours,
    RightEnded,
    Verdict,
    decide,
    has_held,
    lapse,
    withdraw_case,
)
from workflows.approvals.services.handing import (
    NotEligible,
    ask_extra,
    forward,
    hand_over,
    take_back,
)
from workflows.approvals.services.opening import Opening, open_case, prepare
from workflows.approvals.services.progress import SENDS_BACK, Progress, close_case, keep_outline, keep_words

__all__ = [
    "DECIDE",
    "SENDS_BACK",
    "CommentNeeded",
    "FreshLoginNeeded",
    "LinesRefused",
    "NotEligible",
    "NotYours",
    "Opening",
    "Progress",
    "RightEnded",
    "Verdict",
    "ask_extra",
    "close_case",
    "decide",
    "forward",
    "hand_over",
    "has_held",
    "keep_outline",
    "keep_words",
    "lapse",
    "open_case",
    "prepare",
    "take_back",
    "withdraw_case",
]

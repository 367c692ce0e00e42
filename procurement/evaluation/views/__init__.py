"""Pages of evaluation: comparison, scores, awards."""

from procurement.evaluation.views.acts import Cancel, EndUnsuccessful, Finish, Submit, Withdraw
from procurement.evaluation.views.awards import AwardList, CreateAward, EditAward, ShowAward
from procurement.evaluation.views.comparison import Compare, Scores

__all__ = [
    "AwardList",
    "Cancel",
    "Compare",
    "CreateAward",
    "EditAward",
    "EndUnsuccessful",
    "Finish",
    "Scores",
    "ShowAward",
    "Submit",
    "Withdraw",
]

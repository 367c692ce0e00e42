"""Pages of evaluation: comparison, scores, awards."""

from procurement.evaluation.views.acts import Cancel, Close, Submit, Withdraw
from procurement.evaluation.views.awards import AwardList, CreateAward, EditAward, ShowAward
from procurement.evaluation.views.comparison import (
    AdoptPicks,
    Compare,
    CreateMemo,
    Export,
    SavePicks,
    Scores,
)
from procurement.evaluation.views.results import PreviewResult, SendResults

__all__ = [
    "AdoptPicks",
    "AwardList",
    "Cancel",
    "Close",
    "Compare",
    "CreateAward",
    "CreateMemo",
    "EditAward",
    "Export",
    "PreviewResult",
    "SavePicks",
    "Scores",
    "SendResults",
    "ShowAward",
    "Submit",
    "Withdraw",
]

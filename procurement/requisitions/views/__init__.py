"""Pages of requests."""

from procurement.requisitions.views.acts import (
    AssignLines,
    AttachDocument,
    CancelRequisition,
    CopyRequisition,
    DeleteRequisition,
    DetachDocument,
    KeepTemplate,
    ReopenRequisition,
    ShowDocument,
    SubmitRequisition,
    WithdrawRequisition,
)
from procurement.requisitions.views.edit import CreateRequisition, EditRequisition
from procurement.requisitions.views.pages import Pool, RequisitionList, ShowRequisition

__all__ = [
    "AssignLines",
    "AttachDocument",
    "CancelRequisition",
    "CopyRequisition",
    "CreateRequisition",
    "DeleteRequisition",
    "DetachDocument",
    "EditRequisition",
    "KeepTemplate",
    "Pool",
    "ReopenRequisition",
    "RequisitionList",
    "ShowDocument",
    "ShowRequisition",
    "SubmitRequisition",
    "WithdrawRequisition",
]

"""Pages of contracts."""

from contracts.agreements.views.acts import (
    CancelContract,
    ConfirmScan,
    CreateContract,
    DecideRenewal,
    RecallContract,
    RefuseScan,
    SignContract,
    SubmitContract,
    UploadScan,
    WithdrawContract,
)
from contracts.agreements.views.editing import ContractChanges, EditContract, PreviewDraft, PreviewPdf
from contracts.agreements.views.pages import (
    ContractHistory,
    ContractLines,
    ContractList,
    ShowContract,
    ShowScan,
)

__all__ = [
    "CancelContract",
    "ConfirmScan",
    "ContractChanges",
    "ContractHistory",
    "ContractLines",
    "ContractList",
    "CreateContract",
    "DecideRenewal",
    "EditContract",
    "PreviewDraft",
    "PreviewPdf",
    "RecallContract",
    "RefuseScan",
    "ShowContract",
    "ShowScan",
    "SignContract",
    "SubmitContract",
    "UploadScan",
    "WithdrawContract",
]

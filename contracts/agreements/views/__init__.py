"""Pages of contracts."""

from contracts.agreements.views.acts import (
    CancelContract,
    ConfirmScan,
    CreateContract,
    EditContract,
    RecallContract,
    RefuseScan,
    SignContract,
    SubmitContract,
    UploadScan,
    WithdrawContract,
)
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
    "ContractHistory",
    "ContractLines",
    "ContractList",
    "CreateContract",
    "EditContract",
    "RecallContract",
    "RefuseScan",
    "ShowContract",
    "ShowScan",
    "SignContract",
    "SubmitContract",
    "UploadScan",
    "WithdrawContract",
]

"""An approved RFQ goes out together with the keys that bids on it are sealed with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from procurement.accounts.models import User
from procurement.bids import sealing
from procurement.rfqs import services as rfqs
from workflows.approvals.models import ApprovalCase

send_back = rfqs.send_back
reject = rfqs.reject


def publish(*, rfq_id: int, actor: User, at: datetime, case: ApprovalCase | None) -> Any:
    """No RFQ is published without a key: a bid could not be sealed."""
    sealing.create_keys(rfq_id=rfq_id)
    return rfqs.publish(rfq_id=rfq_id, actor=actor, at=at, case=case)

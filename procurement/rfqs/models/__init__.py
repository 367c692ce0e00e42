"""What we ask the market: RFQs, their lines by revision, criteria, documents and invitations."""

from procurement.rfqs.models.criteria import Criterion, RfqRate
from procurement.rfqs.models.extensions import DeadlineExtension, ExtensionQuerySet
from procurement.rfqs.models.invitations import Invitation, RfqDocument
from procurement.rfqs.models.lines import Allocation, RfqLine, RfqLineVersion
from procurement.rfqs.models.procedures import Procedure, ProcedurePreset
from procurement.rfqs.models.rfqs import Rfq, RfqQuerySet, RfqTemplate, RfqUserObjectPermission

__all__ = [
    "Allocation",
    "Criterion",
    "DeadlineExtension",
    "ExtensionQuerySet",
    "Invitation",
    "Procedure",
    "ProcedurePreset",
    "Rfq",
    "RfqDocument",
    "RfqLine",
    "RfqLineVersion",
    "RfqQuerySet",
    "RfqRate",
    "RfqTemplate",
    "RfqUserObjectPermission",
]

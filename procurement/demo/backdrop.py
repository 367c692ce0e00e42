"""The demo company as its scenes and its history find it: people, suppliers, catalogue, by the keys of the cast."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Unpack

from procurement.accounts.models import User
from procurement.bids.keys import Keyring
from procurement.catalog.models import Item
from procurement.common.clock import Clock
from procurement.demo import cycle, people
from procurement.organization.models import Company, CostCentre, DeliveryPlace, Person, Project
from procurement.requisitions.models import Requisition
from procurement.rfqs import services as rfqs
from procurement.rfqs.models import Criterion, ProcedurePreset, Rfq
from procurement.rfqs.services.data import Terms
from suppliers.registry.models import Membership, Supplier

TERMS = "收货验收合格并收到发票后 30 日内付款 · 30 days after acceptance and invoice"
PLACE = "买方仓库 Buyer's store"
PRICE = "价格 Price"
SCOPE = "按规格书供货，含运费与出厂检验。Supply as specified, freight and factory inspection included."


class Backdrop:
    """Read once; `now` is the moment at which the company is looked at."""

    def __init__(self, now: datetime, keyring: Keyring) -> None:
        self.now, self.keyring = now, keyring
        staff = Person.objects.select_related("user", "company", "department").exclude(department=None)
        self.people = {person.user.email.partition("@")[0]: person for person in staff}
        self.companies = {company.code: company for company in Company.objects.all()}
        self.items = {item.code: item for item in Item.objects.select_related("unit", "category")}
        self.cost_centres = {centre.code: centre for centre in CostCentre.objects.all()}
        self.projects = {project.code: project for project in Project.objects.all()}
        self.places = {place.company_id: place for place in DeliveryPlace.objects.all()}
        self.suppliers = _suppliers()
        self.preset = ProcedurePreset.objects.get(code="rfq")

    def user(self, key: str) -> User:
        """Somebody of the cast, as they log in."""
        return self.people[key].user

    def start_rfq(
        self,
        *,
        officer: User,
        made: Iterable[Requisition],
        title: str,
        clock: Clock,
        **terms: Unpack[Terms],
    ) -> Rfq:
        """An RFQ of the group on its usual terms, judged by the price, which is named in both languages."""
        usual: Terms = {
            "incoterm": "DAP",
            "incoterm_place": PLACE,
            "payment_terms": TERMS,
            "scope": SCOPE,
        }
        rfq = cycle.start_rfq(
            officer=officer,
            requisition_ids=[one.pk for one in made],
            preset=self.preset,
            title=title,
            company=self.companies["LC"],
            clock=clock,
            **(usual | terms),
        )
        rfq.criteria.filter(kind=Criterion.Kind.PRICE).update(name=PRICE)
        return rfq

    def looks(self, supplier: str, rfq: Rfq, *, clock: Clock) -> None:
        """A supplier opens its invitation; the first time counts."""
        user = self.suppliers[supplier][1]
        invitation = cycle.invitation_of(user, rfq.pk)
        rfqs.view_invitation(invitation_id=invitation.pk, actor=user, clock=clock)

    def valid_until(self, rfq: Rfq) -> date:
        """The day up to which an offer must hold at least; every supplier of the demo states it."""
        return ((rfq.closes_at or self.now) + timedelta(days=rfq.bid_validity_days + 1)).date()

    def at(self, **ago: float) -> Clock:
        """A clock that stands so long before now."""
        return stopped(self.now - timedelta(**ago))


def stopped(moment: datetime) -> Clock:
    """A clock that stands."""
    return lambda: moment


def _suppliers() -> dict[str, tuple[Supplier, User]]:
    """The cast's suppliers, each with the first of its users."""
    emails = {vendor.users[0][1]: vendor.key for vendor in people.VENDORS}
    members = Membership.objects.filter(user__email__in=emails).select_related("supplier", "user")
    return {emails[member.user.email]: (member.supplier, member.user) for member in members}

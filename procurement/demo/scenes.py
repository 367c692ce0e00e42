"""The demo company at work: documents at every stage, made by the same acts as in live work, days or hours ago."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from contracts.agreements.models import Contract
from contracts.orders import services as orders
from procurement.accounts.models import User
from procurement.common import money
from procurement.demo import cycle, outcome, people
from procurement.demo.archive import Archive
from procurement.demo.backdrop import PRICE, Backdrop
from procurement.evaluation.models import Award
from procurement.organization.models import Company, CostCentre, Project, Role
from procurement.requisitions.models import Requisition
from procurement.requisitions.services import LineData
from procurement.rfqs import services as rfqs
from procurement.rfqs.models import Criterion, Rfq
from procurement.rfqs.services import CriterionData
from workflows.approvals import rulebook
from workflows.approvals.plan import in_force
from workflows.approvals.ruledata import RuleData, StageData
from workflows.approvals.services import Verdict

Want = tuple[str, str]  # item, quantity
VALVES, CABLES = ("jnlk", "taihe", "beichen", "haoyu"), ("ruilan", "xinke", "huaxin")


class Scenes(Backdrop):
    """Makes the scenes, at moments before `now`."""

    def play(self) -> None:
        """All scenes, the oldest first."""
        self.contract_with_orders()
        self.contract_to_sign()
        self.award_in_approval()
        self.bids_to_compare()
        self.bids_to_open()
        self.running()
        self.rfq_in_approval()
        self.rfq_draft()
        self.requests()
        self.rules_proposed()

    # --- rules ---

    def rules_proposed(self) -> None:
        """The next version of the approval rules waits for a second person."""
        keeper, clock = User.objects.get(email=people.ADMINISTRATOR.email), self.at(days=1, hours=2)
        now = in_force(self.now).get(note=people.RULES_NOTE)
        draft = rulebook.new_draft(actor=keeper, copy_of=now.pk, clock=clock)
        said = RuleData(
            name="新供应商授标 · Awards to new suppliers",
            document_type="award",
            flags=("new_supplier",),
            stages=(StageData(role=Role.FINANCE, position=2, remind_after=2, limit=5),),
        )
        frame = rulebook.Frame(
            note="新供应商由财务把关 · Finance looks at new suppliers",
            base_currency=now.base_currency,
            mail_link_below=now.mail_link_below,
            fresh_login_from=now.fresh_login_from,
            rates={currency: Decimal(rate) for currency, rate in people.RATES.items()},
        )
        rulebook.save_rule(
            rule_set_id=draft.pk, rule_id=None, data=said, edit_version=1, actor=keeper, clock=clock
        )
        rulebook.save_frame(rule_set_id=draft.pk, frame=frame, edit_version=2, actor=keeper, clock=clock)
        rulebook.propose(rule_set_id=draft.pk, edit_version=3, actor=keeper, clock=clock)

    # --- requests ---

    def requests(self) -> None:
        """A draft, one returned, two waiting for their head of department, and approved ones in the pool."""
        self.write("he", "化工单元备用截止阀 · Spare globe valves, chemical unit", [("V-1004", "24")], days=1)
        returned = self.sent(
            "chen", "港区安全阀更换 · Safety valves, harbour", [("V-1005", "6"), ("V-1004", "12")], days=4
        )
        step = cycle.turn("requisition", returned.pk)
        if step:
            cycle.decide(
                step_id=step.pk,
                approver=step.approver,
                clock=self.at(days=3),
                verdict=Verdict.RETURN,
                comment="请注明整定压力。Please state the set pressure of each valve.",
            )
        self.sent("he", "二期循环水泵 · Circulation pumps, phase 2", [("P-3001", "4")], days=1, hours=3)
        self.sent(
            "chen", "机电安装控制电缆 · Control cable, MEP works", [("C-2002", "1500")], days=0, hours=5
        )
        self.approved(
            "he", "二期装置闸阀 · Gate valves, phase 2", [("V-1001", "36"), ("V-1002", "24")], days=6
        )
        self.approved(
            "chen", "港区管线闸阀 · Gate valves, harbour lines", [("V-1001", "20"), ("V-1003", "8")], days=5
        )
        self.approved(
            "han",
            "化验室耗材与交换机 · Laboratory supplies, switch",
            [("L-5001", "200"), ("I-6001", "2")],
            days=3,
        )

    def write(
        self, requester: str, title: str, wanted: Sequence[Want], *, days: float, hours: float = 0
    ) -> Requisition:
        """A request written so long ago, as a draft."""
        person = self.people[requester]
        return cycle.write_request(
            requester=person.user,
            company=person.company,
            department=person.department,
            title=title,
            purpose="按施工计划 · According to the schedule of works",
            lines=[self._line(person.company, code, quantity) for code, quantity in wanted],
            clock=self.at(days=days, hours=hours),
        )

    def sent(
        self, requester: str, title: str, wanted: Sequence[Want], *, days: float, hours: float = 0
    ) -> Requisition:
        """A request sent for approval, shortly after it was written."""
        made = self.write(requester, title, wanted, days=days, hours=hours)
        clock = self.at(days=days, hours=hours - 0.5)
        return cycle.send_request(requisition_id=made.pk, requester=self.user(requester), clock=clock)

    def approved(self, requester: str, title: str, wanted: Sequence[Want], *, days: float) -> Requisition:
        """A request that everybody agreed to."""
        made = self.sent(requester, title, wanted, days=days)
        cycle.approve("requisition", made.pk, clock=self.at(days=days - 0.5))
        return made

    def _line(self, company: Company, code: str, quantity: str) -> LineData:
        item = self.items[code]
        return LineData(
            description=f"{item.name} {item.name_en}",
            specification=item.specification,
            quantity=Decimal(quantity),
            unit=item.unit,
            category=item.category,
            item=item,
            need_date=(self.now + timedelta(days=60)).date(),
            cost_centre=CostCentre.objects.filter(company=company).order_by("pk")[0],
            project=Project.objects.filter(company=company).order_by("pk").first(),
            delivery_place=self.places[company.pk],
            unit_price=item.estimate or Decimal(0),
            tax_rate=item.tax_rate,
        )

    # --- RFQs ---

    def rfq_draft(self) -> None:
        """An officer has begun an RFQ."""
        made = self.approved("chen", "港区动力电缆 · Power cable, harbour", [("C-2001", "900")], days=4)
        self._start("wang", [made], "港区动力电缆询价 · Power cable, harbour", days=2, closes_in=9)

    def rfq_in_approval(self) -> None:
        """Above the limit: the category manager is asked."""
        made = self.approved("he", "二期高压闸阀 · High pressure valves, phase 2", [("V-1003", "90")], days=5)
        rfq = self._start("lin", [made], "二期高压闸阀询价 · High pressure gate valves", days=2, closes_in=8)
        self._send(rfq, "lin", VALVES[:3], days=1)

    def running(self) -> None:
        """Bids close in three days; one supplier has sent its bid, which nobody of ours may know."""
        made = [
            self.approved("he", "二期截止阀 · Globe valves, phase 2", [("V-1004", "160")], days=9),
            self.approved("chen", "港区截止阀 · Globe valves, harbour", [("V-1004", "90")], days=8),
        ]
        rfq = self._start("lin", made, "截止阀集中询价 · Globe valves for two sites", days=6, closes_in=3)
        self._published(rfq, "lin", VALVES, days=5)
        self._looked(rfq, VALVES[:3], days=4)
        self._bid(rfq, "taihe", "0.93", days=1)

    def bids_to_open(self) -> None:
        """Bidding closed this morning; two openers are awaited."""
        made = self.approved("he", "二期离心泵 · Centrifugal pumps, phase 2", [("P-3001", "10")], days=14)
        rfq = self._start("lin", [made], "离心泵询价 · Centrifugal pumps", days=12, closes_in=-0.1)
        self._published(rfq, "lin", VALVES[:3], days=10)
        self._looked(rfq, VALVES[:3], days=9)
        for supplier, factor, days in (
            ("jnlk", "1.04", 2.0),
            ("taihe", "0.96", 1.5),
            ("beichen", "1.01", 0.5),
        ):
            self._bid(rfq, supplier, factor, days=days)

    def bids_to_compare(self) -> None:
        """Opened yesterday: price, delivery and quality count."""
        wanted = [("V-1001", "80"), ("V-1002", "60"), ("V-1003", "16"), ("V-1005", "8")]
        made = self.approved("he", "二期阀门第一批 · Valves, phase 2, first lot", wanted, days=22)
        rfq = self._start("wang", [made], "阀门第一批询价 · Valves, first lot", days=19, closes_in=-2)
        kinds = Criterion.Kind
        criteria = (
            (kinds.PRICE, PRICE, 60),
            (kinds.DELIVERY, "交货期 Delivery", 20),
            (kinds.QUALITY, "质量 Quality", 20),
        )
        rfqs.set_criteria(
            rfq_id=rfq.pk,
            criteria=[CriterionData(kind=kind, name=name, weight=Decimal(weight)) for kind, name, weight in criteria],
            actor=self.user("wang"),
            clock=self.at(days=19),
        )  # fmt: skip
        self._published(rfq, "wang", VALVES, days=17)
        self._bid(rfq, "jnlk", "0.95", days=4, lead_time_days=35)
        self._bid(rfq, "taihe", "1.02", days=3.5, lead_time_days=21)
        self._bid(rfq, "beichen", "0.99", days=3, lead_time_days=28, odd={2: "1.45"})
        self._bid(rfq, "haoyu", "0.91", days=2.5, lead_time_days=45, without={4})
        self._opened(rfq, days=1)

    # --- decisions ---

    def award_in_approval(self) -> None:
        """Recommended; the category manager is asked."""
        made = self.approved("chen", "港区钢管 · Seamless pipe, harbour", [("T-4001", "18")], days=30)
        rfq = self._start("lin", [made], "无缝钢管询价 · Seamless steel pipe", days=27, closes_in=-8)
        self._published(rfq, "lin", VALVES[1:], days=24)
        for supplier, factor in (("taihe", "1.03"), ("beichen", "1.00"), ("haoyu", "0.94")):
            self._bid(rfq, supplier, factor, days=9)
        self._opened(rfq, days=7)
        self._award(rfq, "lin", days=2)

    def contract_to_sign(self) -> None:
        """Awarded, drafted, below the limit of approval: both sides are to sign."""
        made = self.approved("he", "二期动力电缆 · Power cable, phase 2", [("C-2001", "2400")], days=40)
        award = self._active_award(made, "动力电缆询价 · Power cable", days=37, decided=8)
        self._contract(award, days=5)

    def contract_with_orders(self) -> None:
        """The same some weeks earlier, signed on paper and ordered."""
        made = self.approved("he", "一期控制电缆 · Control cable, phase 1", [("C-2002", "6000")], days=62)
        award = self._active_award(
            made, "东营一期控制电缆 · Control cable, Dongying phase 1", days=59, decided=30
        )
        outcome.tell_bidders(rfq_id=award.rfq_id, officer=self.user("lin"), clock=self.at(days=28)).delete()
        contract = self._contract(award, days=27)
        pdf = Archive().sign_on_paper(contract)
        supplier = self.suppliers["ruilan"][1]
        outcome.sign_for_buyer(contract=contract, signer=self.user("wu"), pdf=pdf, clock=self.at(days=25))
        outcome.sign_for_supplier(contract=contract, signer=supplier, pdf=pdf, clock=self.at(days=24))
        for order in outcome.draft_orders(
            contract_id=contract.pk, officer=self.user("lin"), clock=self.at(days=22)
        ):
            outcome.issue_order(order_id=order.pk, officer=self.user("lin"), clock=self.at(days=22))
            orders.acknowledge(order_id=order.pk, actor=supplier, clock=self.at(days=21))

    def _active_award(self, made: Requisition, title: str, *, days: float, decided: float) -> Award:
        rfq = self._start("lin", [made], title, days=days, closes_in=-(decided + 6))
        self._published(rfq, "lin", CABLES, days=days - 3)
        for supplier, factor in zip(CABLES, ("0.94", "0.98", "1.03"), strict=True):
            self._bid(rfq, supplier, factor, days=decided + 7)
        self._opened(rfq, days=decided + 5)
        award = self._award(rfq, "lin", days=decided + 2)
        cycle.approve("award", award.pk, clock=self.at(days=decided))
        return award

    def _award(self, rfq: Rfq, officer: str, *, days: float) -> Award:
        who = self.user(officer)
        choices = outcome.lowest(outcome.compare(rfq_id=rfq.pk, officer=who))
        award = outcome.propose_award(
            rfq_id=rfq.pk,
            officer=who,
            choices=choices,
            justification="全部行报价最低，交货期满足要求。Lowest total for all lines; delivery in time.",
            clock=self.at(days=days),
        )
        return outcome.send_award(award_id=award.pk, officer=who, clock=self.at(days=days - 0.1))

    def _contract(self, award: Award, *, days: float) -> Contract:
        winner = award.lines.values_list("supplier", flat=True)[0]
        officer = self.user("lin")
        contract = outcome.draft_contract(
            award_id=award.pk, supplier_id=winner, officer=officer, clock=self.at(days=days)
        )
        return outcome.send_contract(contract_id=contract.pk, officer=officer, clock=self.at(days=days - 0.1))

    # --- the steps of an RFQ ---

    def _start(
        self, officer: str, made: Sequence[Requisition], title: str, *, days: float, closes_in: float
    ) -> Rfq:
        return self.start_rfq(
            officer=self.user(officer),
            made=made,
            title=title,
            clock=self.at(days=days),
            closes_at=self.now + timedelta(days=closes_in),
        )

    def _send(self, rfq: Rfq, officer: str, suppliers: Sequence[str], *, days: float) -> None:
        who = self.user(officer)
        named = [self.suppliers[key][0] for key in suppliers]
        cycle.invite(rfq_id=rfq.pk, officer=who, suppliers=named, clock=self.at(days=days, hours=1))
        cycle.send_rfq(rfq_id=rfq.pk, officer=who, clock=self.at(days=days))

    def _published(self, rfq: Rfq, officer: str, suppliers: Sequence[str], *, days: float) -> None:
        self._send(rfq, officer, suppliers, days=days + 0.5)
        cycle.approve("rfq", rfq.pk, clock=self.at(days=days))

    def _looked(self, rfq: Rfq, suppliers: Sequence[str], *, days: float) -> None:
        for number, key in enumerate(suppliers):
            self.looks(key, rfq, clock=self.at(days=days, hours=-number))

    def _bid(
        self,
        rfq: Rfq,
        supplier: str,
        factor: str,
        *,
        days: float,
        lead_time_days: int = 30,
        odd: dict[int, str] | None = None,
        without: frozenset[int] | set[int] = frozenset(),
    ) -> None:
        """Prices are the estimate times a factor; `odd` lines have their own, those in `without` are not offered."""
        self._looked(rfq, [supplier], days=days + 0.1)
        rows = rfq.lines.order_by("position").values_list("position", "key", "versions__estimate")
        prices = {
            str(key): money.rounded(estimate * Decimal((odd or {}).get(position, factor)), rfq.currency)
            for position, key, estimate in rows
            if position not in without
        }
        cycle.bid(
            rfq_id=rfq.pk,
            bidder=self.suppliers[supplier][1],
            prices=prices,
            currency=rfq.currency,
            lead_time_days=lead_time_days,
            quotation_number=f"Q-{rfq.pk:03d}-{supplier.upper()}",
            valid_until=self.valid_until(rfq),
            clock=self.at(days=days),
        )

    def _opened(self, rfq: Rfq, *, days: float) -> None:
        for minutes, opener in ((30, "wang"), (20, "sun")):
            opening = cycle.confirm_opening(
                rfq_id=rfq.pk, opener=self.user(opener), clock=self.at(days=days, minutes=minutes)
            )
        cycle.open_envelopes(opening_id=opening.pk, keyring=self.keyring, clock=self.at(days=days))

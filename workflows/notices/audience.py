"""Who is told of an event, and where it leads them. Only whoever must act, or waits for the outcome, is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.urls import NoReverseMatch, reverse

from contracts.agreements.models import Contract
from contracts.orders.models import Order
from procurement.accounts.models import User
from procurement.bids.models import Bid, BidVersion, Opening
from procurement.common.models import Event
from procurement.evaluation.models import Award, ResultLetter, ResultWithdrawal
from procurement.organization.access import holders
from procurement.organization.models import Role
from procurement.requisitions.models import Requisition
from procurement.rfqs.models import Invitation, Rfq
from procurement.rfqs.permissions import CONFIRMERS
from suppliers.registry.models import Membership
from workflows.approvals import handlers
from workflows.approvals.models import ApprovalCase, ApprovalStep, Comment, Delegation, RuleSet, Watch
from workflows.approvals.permissions import ACTIVATORS, can_rules

Members = Membership.Role
BIDDERS = frozenset({Members.ADMIN, Members.BIDDER})
SIGNERS = frozenset({Members.ADMIN, Members.SIGNER})


@dataclass(frozen=True, slots=True)
class Told:
    """One person is told: what kind of notice, filled from what, leading where. `even_actor`: a receipt of one's own act."""

    recipient: User
    kind: str
    url: str
    facts: dict[str, Any] = field(default_factory=dict)
    even_actor: bool = False


Audience = Callable[[Event], Iterable[Told]]
audiences: dict[str, Audience] = {}


def hears(*verbs: str) -> Callable[[Audience], Audience]:
    """Decorator: this function says who is told of these events."""

    def keep(audience: Audience) -> Audience:
        audiences.update(dict.fromkeys(verbs, audience))
        return audience

    return keep


def of(event: Event) -> list[Told]:
    """Everybody who is told, once each; nobody of their own act, unless they get a receipt for it."""
    told = {one.recipient.pk: one for one in audiences[event.verb](event) if one.recipient.is_active}
    return [one for one in told.values() if one.even_actor or one.recipient.pk != event.actor_id]


def address(name: str, *args: Any) -> str:
    """A page's address; the front page while the room has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return "/"


def _members(suppliers: Iterable[int], roles: Iterable[str]) -> Iterator[Membership]:
    """Active people of these suppliers in these roles."""
    rows = Membership.objects.filter(
        supplier__in=suppliers, role__in=roles, is_active=True, user__is_active=True
    ).select_related("user")
    return iter(rows.order_by("pk"))


def _decision(event: Event) -> dict[str, Any]:
    """Who sent a document back last, and why."""
    document_type, _dot, _verb = event.verb.partition(".")
    refusals = ApprovalStep.objects.filter(
        case__document_type=document_type,
        case__document_id=event.subject_id,
        status__in=["returned", "rejected"],
    )
    step = refusals.select_related("decided_by").order_by("-decided_at").first()
    return {"who": str(step.decided_by), "comment": step.comment} if step else {"who": str(event.actor or "")}


# --- approvals

TURNS = ("approval.step_activated", "approval.reminded", "approval.handed_over", "approval.time_passed")
SETTLING = {"approval.step_activated": "pk", "approval.handed_over": "pk", "approval.closed": "case"}


@hears("approval.step_activated", "approval.reminded", "approval.handed_over")
def approver(event: Event) -> Iterator[Told]:
    """Only the person whose turn it is (F118); reminded by whoever waits, or by the time that has passed."""
    step = ApprovalStep.objects.select_related("approver", "case__requester").get(pk=event.subject_id)
    if step.status != ApprovalStep.Status.ACTIVE:
        return
    facts = {**_case_facts(step.case), "who": str(step.case.requester)}
    kind = event.verb
    if event.verb == "approval.handed_over":
        facts["giver"] = str(User.objects.get(pk=event.facts["giver"]))
    elif event.verb == "approval.reminded" and event.actor is None:
        kind = "approval.time_passed"
    elif event.verb == "approval.reminded":
        facts["who"] = str(event.actor)
    yield Told(step.approver, kind, address("inbox:decide", step.pk), facts)


def settled_by(event: Event) -> Q | None:
    """Notices that asked for a decision and need not be read any more: it was taken, or is somebody else's now."""
    if event.verb not in SETTLING:
        return None
    case = ApprovalStep.objects.filter(**{SETTLING[event.verb]: event.subject_id}).values("case")[:1]
    asked, over = set(), Q(pk=None)
    for step in ApprovalStep.objects.filter(case__in=case).prefetch_related("handovers"):
        asked |= {step.approver_id, *(one.giver_id for one in step.handovers.all())}
        of_step = Q(url=address("inbox:decide", step.pk))
        is_open = step.status == ApprovalStep.Status.ACTIVE
        over |= of_step & ~Q(recipient=step.approver_id) if is_open else of_step
    return over & Q(recipient__in=asked, kind__in=TURNS)


def _case_facts(case: ApprovalCase) -> dict[str, Any]:
    return {"title": case.title, "number": case.number or case.title}


@hears("approval.commented")
def named(event: Event) -> Iterator[Told]:
    """Whoever is named in a remark."""
    remark = Comment.objects.select_related("case", "author").get(pk=event.subject_id)
    facts = {**_case_facts(remark.case), "who": str(remark.author), "comment": remark.text}
    for mention in remark.mentions.select_related("user"):
        yield Told(mention.user, "approval.mentioned", address("inbox:case", remark.case_id), facts)


@hears("approval.closed")
def watchers(event: Event) -> Iterator[Told]:
    """Whoever watches the document; the requester hears it from the document itself."""
    case = ApprovalCase.objects.get(pk=event.subject_id)
    watching = Watch.objects.filter(
        document_type=case.document_type, document_id=case.document_id, ended_at=None
    )
    for watch in watching.select_related("user"):
        yield Told(watch.user, event.verb, address("inbox:case", case.pk), _case_facts(case))


@hears("delegation.made")
def stand_in(event: Event) -> Iterator[Told]:
    """Whoever stands in."""
    made = Delegation.objects.select_related("delegate", "delegator").get(pk=event.subject_id)
    facts = {
        "who": str(made.delegator),
        "starts_at": made.starts_at.isoformat(),
        "ends_at": made.ends_at.isoformat(),
        "time_zone": made.delegate.time_zone,
    }
    yield Told(made.delegate, event.verb, address("inbox:list"), facts)


@hears("rules.proposed")
def keepers_of_rules(event: Event) -> Iterator[Told]:
    """Whoever may bring proposed rules into force."""
    rules = RuleSet.objects.get(pk=event.subject_id)
    facts = {"version": rules.version, "who": str(event.actor)}
    for role in ACTIVATORS:
        for holder in holders(role):
            if can_rules(holder, "activate", rules):
                yield Told(holder, event.verb, address("rules:version", rules.pk), facts)


@hears("requisition.approved", "requisition.returned", "requisition.rejected")
def requester(event: Event) -> Iterator[Told]:
    """Who asked."""
    document = Requisition.objects.select_related("requester").get(pk=event.subject_id)
    facts = {"title": document.title, "number": document.number, **_decision(event)}
    yield Told(document.requester, event.verb, handlers.of("requisition").url(document.pk), facts)


@hears("award.active", "award.returned", "award.rejected")
def proposer(event: Event) -> Iterator[Told]:
    """Who recommended it."""
    award = Award.objects.select_related("created_by", "rfq").get(pk=event.subject_id)
    facts = {"title": award.rfq.title, "number": award.number, **_decision(event)}
    yield Told(award.created_by, event.verb, address("evaluation:award", award.pk), facts)


# --- RFQs and bids


def _rfq_facts(rfq: Rfq) -> dict[str, Any]:
    return {
        "title": rfq.title,
        "number": rfq.number,
        "company": [rfq.company.name, rfq.company.name_en],
        "closes_at": rfq.closes_at.isoformat() if rfq.closes_at else "",
        "time_zone": rfq.time_zone,
    }


def _rfq(event: Event) -> Rfq:
    return Rfq.objects.select_related("officer", "company").get(pk=event.rfq_id or event.subject_id)


@hears("rfq.returned", "rfq.rejected")
def officer(event: Event) -> Iterator[Told]:
    """Who runs the RFQ."""
    rfq = _rfq(event)
    yield Told(
        rfq.officer, event.verb, address("rfqs:detail", rfq.pk), {**_rfq_facts(rfq), **_decision(event)}
    )


def invited(rfq: Rfq, kind: str, only: Q | None = None, **facts: Any) -> Iterator[Told]:
    """The people of every invited supplier that has not declined, each through their own invitation."""
    invitations = Invitation.objects.filter(only or Q(), rfq=rfq).exclude(status=Invitation.Status.DECLINED)
    public = dict(invitations.values_list("supplier_id", "public_id"))
    for member in _members(public, BIDDERS):
        url = address("portal:rfq", public[member.supplier_id])
        yield Told(member.user, kind, url, {**_rfq_facts(rfq), **facts})


@hears("rfq.published")
def published(event: Event) -> Iterator[Told]:
    """The officer, and those who may bid."""
    rfq = _rfq(event)
    yield Told(rfq.officer, event.verb, address("rfqs:detail", rfq.pk), _rfq_facts(rfq))
    yield from invited(rfq, "rfq.invitation")


@hears("rfq.bidders_added")
def late_bidders(event: Event) -> Iterator[Told]:
    """Those who were asked after publication; nobody else learns of them."""
    yield from invited(_rfq(event), "rfq.invitation", Q(pk__in=event.facts["invitations"]))


@hears("rfq.reminded")
def silent_bidders(event: Event) -> Iterator[Told]:
    """Those who still have not looked."""
    still = Q(pk__in=event.facts["invitations"], viewed_at__isnull=True)
    yield from invited(_rfq(event), event.verb, still)


@hears("rfq.deadline_extended", "rfq.cancelled", "rfq.unsuccessful")
def bidders(event: Event) -> Iterator[Told]:
    """Those who may bid; of a draft they never knew."""
    rfq = _rfq(event)
    if rfq.published_at:
        yield from invited(rfq, event.verb, reason=event.facts.get("reason", ""))


@hears("rfq.extension_proposed")
def confirmers(event: Event) -> Iterator[Told]:
    """Whoever may be the second person; bidders hear of it once it is confirmed."""
    rfq = _rfq(event)
    facts = {
        **_rfq_facts(rfq),
        "who": str(event.actor),
        "later_at": event.facts["to"],
        "reason": event.facts["reason"],
    }
    url = address("rfqs:confirm_extension", rfq.pk, event.facts["extension"])
    for role in sorted(CONFIRMERS):
        for holder in holders(role, rfq.company_id):
            yield Told(holder, event.verb, url, facts)


@hears("bid.submitted", "bid.withdrawn")
def own_bid(event: Event) -> Iterator[Told]:
    """The supplier's own people, as a receipt. Our side hears nothing before bids are opened."""
    version = BidVersion.objects.select_related("bid__rfq__company").get(pk=event.subject_id)
    facts = {
        **_rfq_facts(version.bid.rfq),
        "version": version.number,
        "received_at": version.received_at.isoformat(),
        "hash": version.envelope_hash,
    }
    url = address("portal:receipt", version.bid.public_id, version.number)
    for member in _members([version.supplier_id], BIDDERS):
        yield Told(member.user, event.verb, url, facts, even_actor=True)


@hears("opening.confirmed")
def other_openers(event: Event) -> Iterator[Told]:
    """Whoever may be the second opener."""
    opening = Opening.objects.select_related("rfq__company").get(pk=event.subject_id)
    if opening.status == Opening.Status.CONFIRMING:
        facts = {**_rfq_facts(opening.rfq), "who": str(event.actor)}
        for opener in holders(Role.OPENER, opening.rfq.company_id):
            yield Told(opener, event.verb, address("bids:open", opening.rfq_id), facts)


@hears("opening.merkle_root")
def all_bidders(event: Event) -> Iterator[Told]:
    """Everybody who bid may check that their bid is among those opened."""
    rfq = _rfq(event)
    last = BidVersion.objects.filter(bid__rfq=rfq).order_by("bid_id", "-number").distinct("bid_id")
    sent = {version.supplier_id: version for version in last if version.action == BidVersion.Action.SUBMIT}
    bids = dict(Bid.objects.filter(rfq=rfq).values_list("supplier_id", "public_id"))
    for member in _members(sent, BIDDERS):
        url = address("portal:receipt", bids[member.supplier_id], sent[member.supplier_id].number)
        facts = {**_rfq_facts(rfq), "root": event.facts.get("root", "")}
        yield Told(member.user, event.verb, url, facts)


@hears("opening.opened")
def comparer(event: Event) -> Iterator[Told]:
    """The officer can compare."""
    rfq = _rfq(event)
    yield Told(rfq.officer, event.verb, address("evaluation:comparison", rfq.pk), _rfq_facts(rfq))


@hears("result.sent")
def told_the_result(event: Event) -> Iterator[Told]:
    """The bidder's people."""
    letter = ResultLetter.objects.get(pk=event.subject_id)
    return _of_result(event, letter)


@hears("result.withdrawn")
def told_that_it_is_withdrawn(event: Event) -> Iterator[Told]:
    """The same people of each bidder who was told; nobody reads of another."""
    withdrawal = ResultWithdrawal.objects.select_related("letter").get(pk=event.subject_id)
    reason = withdrawal.content["reason"]
    return _of_result(event, withdrawal.letter, reason=f"“{reason}”" if reason else "")


def _of_result(event: Event, letter: ResultLetter, **facts: Any) -> Iterator[Told]:
    """Through the bidder's own invitation."""
    rfq = _rfq(event)
    invitation = Invitation.objects.get(rfq=rfq, supplier=letter.supplier_id)
    url = address("portal:result", invitation.public_id)
    for member in _members([letter.supplier_id], BIDDERS):
        yield Told(member.user, event.verb, url, {**_rfq_facts(rfq), **facts})


# --- contracts and orders


def _contract(event: Event) -> tuple[Contract, dict[str, Any]]:
    contract = Contract.objects.select_related("manager", "company").get(pk=event.subject_id)
    facts = {
        "title": contract.title,
        "number": contract.number,
        "company": [contract.company.name, contract.company.name_en],
    }
    return contract, facts


def _signers(contract: Contract, kind: str, facts: dict[str, Any]) -> Iterator[Told]:
    url = address("portal:contract", contract.public_id)
    return (Told(member.user, kind, url, facts) for member in _members([contract.supplier_id], SIGNERS))


@hears("contract.returned", "contract.rejected")
def drafter(event: Event) -> Iterator[Told]:
    """Who drafted it; a contract that was called back from signature was not returned by an approver."""
    if event.facts.get("recalled"):
        return
    contract, facts = _contract(event)
    url = address("agreements:detail", contract.pk)
    yield Told(contract.manager, event.verb, url, {**facts, **_decision(event)})


@hears("contract.sent_for_signature")
def both_sides(event: Event) -> Iterator[Told]:
    """Those who sign, and the manager."""
    contract, facts = _contract(event)
    yield Told(contract.manager, "contract.approved", address("agreements:detail", contract.pk), facts)
    yield from _signers(contract, "contract.to_sign", facts)


@hears("contract.signed")
def manager_of_signed(event: Event) -> Iterator[Told]:
    """The manager, when the supplier has signed."""
    contract, facts = _contract(event)
    if event.facts.get("side") == "supplier":
        yield Told(contract.manager, event.verb, address("agreements:detail", contract.pk), facts)


@hears("contract.scan_uploaded")
def second_person(event: Event) -> Iterator[Told]:
    """Other contract managers of the company may confirm the scan."""
    contract, facts = _contract(event)
    for holder in holders(Role.CONTRACT_MANAGER, contract.company_id):
        url = address("agreements:detail", contract.pk)
        yield Told(holder, event.verb, url, {**facts, "who": str(event.actor)})


@hears("contract.active")
def parties(event: Event) -> Iterator[Told]:
    """Both sides."""
    contract, facts = _contract(event)
    yield Told(contract.manager, event.verb, address("agreements:detail", contract.pk), facts)
    yield from _signers(contract, event.verb, facts)


def _order(event: Event) -> tuple[Order, dict[str, Any]]:
    order = Order.objects.select_related("buyer", "company", "contract").get(pk=event.subject_id)
    facts = {
        "number": order.number,
        "company": [order.company.name, order.company.name_en],
        "contract": order.contract.number,
    }
    return order, facts


@hears("order.issued", "order.changed", "order.asked_again", "order.cancelled")
def seller(event: Event) -> Iterator[Told]:
    """The supplier's people, of what they have been sent."""
    order, facts = _order(event)
    if order.issued_at is None:
        return
    facts["revision"] = order.revision
    refused = order.answers.filter(status="refused").first() if event.verb == "order.asked_again" else None
    facts["comment"] = refused.decision_note if refused else ""
    for member in _members([order.supplier_id], BIDDERS):
        yield Told(member.user, event.verb, address("portal:order", order.public_id), facts)


@hears("order.acknowledged", "order.change_proposed", "order.declined")
def buyer(event: Event) -> Iterator[Told]:
    """Who ordered."""
    order, facts = _order(event)
    yield Told(order.buyer, event.verb, address("orders:detail", order.pk), facts)

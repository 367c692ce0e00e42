"""Each person's jobs, walked with the clicks counted: none may take more than was promised.

A job starts on the front page, or on the page to which its mail leads. Typing is not counted; ticks, choices and
files are. Steps are found by where they lead, so that every language and width walks the same way.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse
from playwright.sync_api import expect

from contracts.agreements.models import Signature
from procurement.bids.models import BidVersion
from procurement.common.clock import database_clock
from procurement.common.models import Event
from procurement.evaluation import results
from procurement.evaluation.models import Award
from procurement.organization.models import Role
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import Requisition
from procurement.rfqs.models import Rfq
from tests.browser.company import a_company
from tests.browser.sitter import Sitter
from tests.factories import make_person
from tests.fire.world import Builder, Side, quick_print
from workflows.approvals import rulebook
from workflows.approvals.models import ApprovalStep, Delegation, RuleSet
from workflows.notices.mail import link_for
from workflows.notices.models import Notice

LOOKS = [
    pytest.param(language, width, scheme, marks=[] if (language, width, scheme) == ("en", 1440, "light") else pytest.mark.soak)
    for language in ("en", "zh-hans") for width in (1440, 390) for scheme in ("light", "dark")
]  # fmt: skip


@dataclass
class Walk:
    """One look at one company's world."""

    side: Side
    new_page: object
    language: str
    look: dict

    def sit(self, user=None, start=None):
        """Somebody at home, or at `start`; nothing clicked yet."""
        if user is not None:
            user.language = self.language
            user.save(update_fields=["language"])
        locale = "zh-CN" if self.language.startswith("zh") else "en-GB"
        sitter = Sitter(self.new_page(user=user, locale=locale, **self.look))
        sitter.open(start or ("/portal/" if user and user.is_supplier else "/"))
        assert sitter.page.language.startswith(self.language[:2])
        return sitter

    def document(self, kind, stage):
        found = self.side.documents[kind][stage]
        found.refresh_from_db()
        return found

    def invitation(self, stage="published", name="x"):
        return self.document("rfq", stage).invitations.get(supplier=self.side.suppliers[name])

    def portal(self, page, **which):
        return reverse(f"portal:{page}", args=[self.invitation(**which).public_id])

    def step(self, kind, document):
        return ApprovalStep.objects.get(
            case__document_type=kind, case__document_id=document.pk, status="active"
        )


def propose_rules(side):
    """An administrator has written a version and waits for a second person."""
    writer = make_person(side.company, Role.ADMINISTRATOR, department=side.department)
    draft = rulebook.new_draft(actor=writer, copy_of=RuleSet.objects.get(status="active").pk)
    rulebook.propose(rule_set_id=draft.pk, edit_version=draft.edit_version, actor=writer)


def change_a_request(side):
    """One that came back with a question was changed and sent again."""
    request = Builder(side).request("returned")
    Requisition.objects.filter(pk=request.pk).update(document_hash="", revision=2, title="Valves, fewer")
    requisitions.submit(requisition_id=request.pk, actor=side.users["requester"])
    side.keep("requisition", "changed", request)


# --- the officer ---


def an_rfq_is_made_of_approved_lines(walk):
    officer = walk.sit(walk.side.users["officer"])
    officer.follow("requisitions:pool")
    category = walk.side.goods["category"].pk
    officer.click(officer.tab.locator(f'[data-picks="category"][value="{category}"]'))
    officer.click(officer.tab.locator("form[data-pool] .dock .primary"))
    officer.click(officer.tab.locator("main form[data-guard] button.primary"))
    assert officer.view == "rfqs:detail"
    walk.side.keep("rfq", "made", Rfq.objects.latest("pk"))
    return officer


def an_rfq_is_sent_out(walk):
    rfq = walk.document("rfq", "made")
    officer = walk.sit(walk.side.users["officer"], rfq.get_absolute_url())
    closes = (database_clock() + timedelta(days=12)).strftime("%Y-%m-%dT%H:%M")
    with officer.tab.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        officer.tab.locator("[name=closes_at]").fill(closes)
    expect(officer.tab.locator("[data-saved][data-tone=good]")).to_have_count(1)
    officer.follow("rfqs:submit")
    officer.send("rfqs:submit")
    assert walk.document("rfq", "made").status == "in_approval"
    return officer


def who_has_not_looked_is_reminded(walk):
    officer = walk.sit(walk.side.users["officer"], walk.document("rfq", "published").get_absolute_url())
    officer.send("rfqs:remind")
    assert officer.view == "rfqs:detail"
    return officer


def bids_are_opened(walk):
    rfq = walk.document("rfq", "closed")
    opener = walk.sit(walk.side.users["opener2"], reverse("bids:open", args=[rfq.pk]))
    opener.follow("bids:confirm")
    opener.send("bids:confirm")
    assert rfq.openings.latest("pk").confirmations.count() == 2
    return opener


def bids_are_compared_and_an_award_proposed(walk):
    rfq = walk.document("rfq", "opened")
    officer = walk.sit(walk.side.users["officer"])
    officer.follow("evaluation:comparison", to=reverse("evaluation:comparison", args=[rfq.pk]))
    officer.send("evaluation:memo")
    assert officer.view == "evaluation:award"
    assert Award.objects.filter(rfq=rfq, status="draft").exists()
    return officer


def a_contract_is_made_and_sent(walk):
    award = walk.document("award", "active")
    officer = walk.sit(walk.side.users["officer"], reverse("agreements:create", args=[award.pk]))
    officer.send("agreements:create")
    officer.click(officer.tab.locator("main .primary:visible").last)
    officer.send("agreements:submit")
    assert officer.view == "agreements:detail"
    return officer


# --- who decides ---


def a_request_is_decided(walk):
    step = walk.step("requisition", walk.document("requisition", "in_approval"))
    approver = walk.sit(step.approver, reverse("inbox:decide", args=[step.pk]))
    approver.send("inbox:decide", ("act", "approve"))
    step.refresh_from_db()
    assert step.status == "approved"
    return approver


def an_award_is_understood(walk):
    award = walk.document("award", "in_approval")
    step = walk.step("award", award)
    approver = walk.sit(step.approver, reverse("inbox:decide", args=[step.pk]))
    assert "Firm Xa" in approver.page.text  # who gets it
    approver.click(approver.tab.locator("[data-key=o]"))
    assert approver.view == "evaluation:award"
    assert "Firm Ya" in approver.page.text  # and who does not
    return approver


def a_missing_fact_is_asked_for(walk):
    step = walk.step("award", walk.document("award", "in_approval"))
    approver = walk.sit(step.approver, reverse("inbox:decide", args=[step.pk]))
    approver.send("inbox:decide", ("act", "return"), comment="为什么？ Why?")
    step.refresh_from_db()
    assert step.status == "returned"
    return approver


def blocked_work_is_seen_and_pushed(walk):
    officer = walk.sit(walk.side.users["officer"])
    officer.send("inbox:remind")
    assert officer.view == "office:home"
    return officer


def a_contract_is_signed(walk):
    contract = walk.document("contract", "pending_signature")
    manager = walk.sit(walk.side.users["contracts"], reverse("agreements:sign", args=[contract.pk]))
    manager.send("agreements:sign", agree="on")
    assert Signature.objects.filter(version__contract=contract, side="buyer").exists()
    return manager


def one_goes_away_and_names_who_decides(walk):
    approver = walk.sit(walk.side.users["approver"])
    approver.follow("accounts:profile")
    approver.follow("inbox:go_away")
    begins = database_clock()
    times = [(begins + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M") for days in (1, 8)]
    stand_in = walk.side.users["category"]
    approver.send("inbox:go_away", delegate=stand_in.email, starts_at=times[0], ends_at=times[1])
    assert Delegation.objects.filter(delegator=walk.side.users["approver"], delegate=stand_in).exists()
    return approver


def what_changed_is_seen_on_deciding_again(walk):
    request = walk.document("requisition", "changed")
    step = walk.step("requisition", request)
    approver = walk.sit(step.approver, reverse("inbox:decide", args=[step.pk]))
    assert approver.tab.locator("del").first.is_visible()  # it opens by itself
    approver.send("inbox:decide", ("act", "approve"))
    return approver


def rules_are_looked_at_and_brought_into_force(walk):
    finance = walk.sit(walk.side.users["finance"])
    rules = RuleSet.objects.get(status="proposed")
    finance.follow("rules:version", to=reverse("rules:version", args=[rules.pk]))
    finance.follow("rules:activate")
    finance.send("rules:activate", seen="on")
    rules.refresh_from_db()
    assert rules.status == "active"
    return finance


# --- the supplier ---


def what_is_wanted_is_seen_with_a_code(walk):
    bidder, address = walk.side.bidders["v.bidder"], walk.portal("rfq", name="v")
    EmailAddress.objects.create(user=bidder, email=bidder.email, verified=True, primary=True)
    event = Event.objects.filter(verb="rfq.published").latest("pk")
    notice = Notice.objects.create(
        event=event, recipient=bidder, kind="rfq.published", url=address, message_id="v.bidder"
    )
    link = link_for(notice)
    guest = walk.sit(None, urlsplit(link).path)
    mail.outbox.clear()
    guest.send("account_request_login_code")
    code = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]+)\s*$", mail.outbox[0].body, re.M)[1]
    guest.send("account_confirm_login_code", code=code)
    assert urlsplit(guest.tab.url).path == address
    return guest


def a_supplier_means_to_bid(walk):
    bidder = walk.sit(walk.side.bidders["v"], walk.portal("rfq", name="v"))
    bidder.send("portal:intend")
    assert walk.invitation(name="v").status == "intends"
    return bidder


def a_bid_is_priced(walk):
    bidder = walk.sit(walk.side.bidders["y"])
    bidder.follow("portal:rfq", to=walk.portal("rfq", name="y"))
    bidder.follow("portal:bid")
    with bidder.tab.expect_response("**/bid/save/") as saved:
        for cell in bidder.tab.locator("[data-price]").all():
            cell.fill("79")
    assert saved.value.ok
    expect(bidder.tab.locator("[data-saved][data-tone=good]")).to_have_count(1)
    return bidder


def a_bid_is_sent(walk):
    bidder = walk.sit(walk.side.bidders["y"], walk.portal("bid", name="y"))
    bidder.send("portal:bid", ("review", "1"))
    bidder.send("portal:submit")
    assert bidder.view == "portal:receipt"
    assert (
        BidVersion.objects.filter(
            supplier=walk.side.suppliers["y"], bid__rfq=walk.document("rfq", "published")
        ).count()
        == 1
    )
    return bidder


def a_bid_is_taken_back(walk):
    bidder = walk.sit(walk.side.bidders["y"], walk.portal("rfq", name="y"))
    bidder.follow("portal:withdraw")
    bidder.send("portal:withdraw")
    latest = BidVersion.objects.filter(supplier=walk.side.suppliers["y"]).latest("received_at")
    assert latest.action == "withdraw"
    return bidder


def a_result_is_learnt(walk):
    rfq = walk.document("contract", "active").award.rfq
    reasons = dict.fromkeys(rfq.opened_bids.values_list("pk", flat=True), "Dearer.")
    results.send(rfq_id=rfq.pk, reasons=reasons, actor=walk.side.users["officer"])
    bidder = walk.sit(walk.side.bidders["y"])
    bidder.follow("portal:result")
    assert "Dearer." in bidder.page.text
    return bidder


def an_order_is_accepted(walk):
    order = walk.document("order", "issued")
    bidder = walk.sit(walk.side.bidders["x"])
    bidder.follow("portal:order", to=reverse("portal:order", args=[order.public_id]))
    bidder.click(bidder.tab.locator("header.head form button, .head form button").first)
    order.refresh_from_db()
    assert order.status == "acknowledged"
    return bidder


PROMISED = [
    (an_rfq_is_made_of_approved_lines, 4),
    (an_rfq_is_sent_out, 2),
    (who_has_not_looked_is_reminded, 1),
    (bids_are_opened, 2),
    (bids_are_compared_and_an_award_proposed, 3),
    (a_contract_is_made_and_sent, 3),
    (a_request_is_decided, 1),
    (an_award_is_understood, 2),
    (a_missing_fact_is_asked_for, 2),
    (blocked_work_is_seen_and_pushed, 1),
    (one_goes_away_and_names_who_decides, 3),
    (what_changed_is_seen_on_deciding_again, 1),
    (a_contract_is_signed, 2),
    (what_is_wanted_is_seen_with_a_code, 2),  # from the mail's link, without a password
    (a_supplier_means_to_bid, 1),
    (a_bid_is_priced, 3),
    (a_bid_is_sent, 2),
    (a_bid_is_taken_back, 2),
    (a_result_is_learnt, 1),
    (an_order_is_accepted, 2),
    (rules_are_looked_at_and_brought_into_force, 4),
]


def clicks_of(sitter):
    """How many it took; the tab is closed, for nobody comes back to it."""
    sitter.tab.context.close()
    return sitter.clicks


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
def test_no_job_takes_more_clicks_than_promised(language, width, scheme, new_page, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    look = {"width": width, "height": 900, "phone": width < 500, "scheme": scheme}
    walk = Walk(a_company(), new_page, language, look)
    propose_rules(walk.side)
    change_a_request(walk.side)
    with quick_print():
        clicks = {job.__name__: clicks_of(job(walk)) for job, _most in PROMISED}
    assert not {job.__name__: clicks[job.__name__] for job, most in PROMISED if clicks[job.__name__] > most}

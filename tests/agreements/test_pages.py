import time

import pytest
from allauth.account.internal.flows import login
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from contracts.agreements import services
from contracts.agreements.models import Contract, Signature
from contracts.agreements.permissions import can, visible_to
from procurement.common import documents, files
from tests.agreements.conftest import at
from tests.factories import (
    make_approver,
    make_auditor,
    make_contract_manager,
    make_member,
    make_officer,
    make_requester,
)

pytestmark = pytest.mark.django_db


def enter(client, user, *, age=0):
    """Log in as somebody who proved who they are so many seconds ago."""
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() - age}]
    session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session.save()


def url(name, contract, *more):
    return reverse(f"agreements:{name}", args=[contract.pk, *more])


def test_an_officer_takes_a_contract_from_award_to_signature(deal, client, quick_print):
    enter(client, deal.officer)
    page = client.get(reverse("agreements:create", args=[deal.award.pk]))
    assert deal.supplier.name in page.content.decode()
    answer = client.post(
        reverse("agreements:create", args=[deal.award.pk]),
        {"supplier": deal.supplier.pk, "template": page.context["form"]["template"].initial.pk},
    )
    deal.contract = contract = Contract.objects.get()
    assert answer.url == url("edit", contract)

    form = client.get(answer.url).context["form"]
    values = {name: form[name].value() for name in form.fields}
    values = {name: "" if value is None else value for name, value in values.items()}
    answer = client.post(
        answer.url, {**values, "title": "Valves, phase 1", "special_terms": "**No** partial delivery."}
    )
    assert answer.url == contract.get_absolute_url()
    page = client.get(answer.url).content.decode()
    assert "Valves, phase 1" in page
    assert "<strong>No</strong> partial delivery." in page
    assert url("submit", contract) in page

    answer = client.post(url("submit", contract), follow=True)
    assert "can be signed" in answer.content.decode()
    documents.render_pending()
    assert "<iframe" in client.get(contract.get_absolute_url()).content.decode()


def test_an_award_leads_to_its_contract_once_there_is_one(deal, client):
    enter(client, deal.officer)
    award, draft = (
        reverse("evaluation:award", args=[deal.award.pk]),
        reverse("agreements:create", args=[deal.award.pk]),
    )
    assert draft in client.get(award).content.decode()

    contract = deal.draft()
    page = client.get(award).content.decode()
    assert contract.get_absolute_url() in page
    assert draft not in page
    assert client.get(draft).url == award  # an old link has nothing to draft


def test_what_was_typed_survives_a_refusal_and_a_race(deal, client):
    contract = deal.draft()
    enter(client, deal.officer)
    form = client.get(url("edit", contract)).context["form"]
    values = {name: form[name].value() or "" for name in form.fields}

    page = client.post(url("edit", contract), {**values, "title": "", "payment_terms": "Typed terms"})
    assert page.status_code == 200
    assert "Typed terms" in page.content.decode()
    page = client.post(url("edit", contract), {**values, "starts_on": "2026-05-01", "ends_on": "2026-04-01"})
    assert "before it starts" in page.content.decode()

    services.update(
        contract_id=contract.pk,
        terms=services.Terms(title="Faster", template=contract.template),
        edit_version=1,
        actor=deal.manager,
        clock=at(),
    )
    page = client.post(url("edit", contract), {**values, "payment_terms": "Typed terms"})
    assert page.status_code == 409
    assert "Typed terms" in page.content.decode()
    assert deal.reload().title == "Faster"


def test_both_doors_sign_with_a_fresh_log_in(printed, client):
    address = url("sign", printed.contract)
    enter(client, printed.manager, age=600)
    assert client.get(address).url.startswith("/accounts/")  # asked for a fresh log-in
    enter(client, printed.manager)
    page = client.get(address)
    assert printed.pdf.file.sha256 in page.content.decode()
    form = page.context["form"]
    values = {"version_number": form["version_number"].value(), "pdf_sha256": form["pdf_sha256"].value()}

    refused = client.post(address, values)
    assert "Say that you have read it." in refused.content.decode()
    refused = client.post(address, {**values, "pdf_sha256": "0" * 64, "agree": "on"})
    assert "not the one that is to be signed" in refused.content.decode()
    assert not Signature.objects.exists()

    answer = client.post(address, {**values, "agree": "on"})
    assert answer.url == printed.contract.get_absolute_url()
    lost = client.post(address, {**values, "agree": "on"})
    assert lost.status_code == 409
    assert printed.manager.name in lost.content.decode()


def test_a_scan_is_uploaded_by_one_and_confirmed_by_another(printed, client):
    contract = printed.contract
    enter(client, printed.officer)
    data = {"version_number": 1, "supplier_name": "沈嘉禾", "buyer_name": ""}
    refused = client.post(url("upload_scan", contract), {**data, "scan": SimpleUploadedFile("a.pdf", b"x")})
    assert refused.status_code == 200
    assert "沈嘉禾" in refused.content.decode()
    scan = SimpleUploadedFile("signed.pdf", files.read(printed.pdf.file))
    answer = client.post(url("upload_scan", contract), {**data, "buyer_name": "Zhou Kai", "scan": scan})
    assert answer.status_code == 302
    refused = client.post(url("confirm_scan", contract))
    assert "Somebody else must confirm" in refused.content.decode()

    enter(client, printed.manager)
    page = client.get(url("confirm_scan", contract)).content.decode()
    stored = Signature.objects.first().scan
    assert url("scan", contract, stored.public_id) in page
    assert client.get(url("scan", contract, stored.public_id))["Content-Disposition"].startswith("attachment")
    client.post(url("confirm_scan", contract))
    assert printed.reload().status == "active"


@pytest.mark.parametrize("name", ["detail", "lines", "history"])
def test_pages_take_a_fixed_number_of_statements(
    make_deal, client, django_assert_max_num_queries, name, quick_print
):
    deal = make_deal(*[{}] * 25)
    deal.print()
    deal.sign("supplier")
    enter(client, deal.officer)
    client.get(url(name, deal.contract))
    with django_assert_max_num_queries(26):
        assert client.get(url(name, deal.contract)).status_code == 200


def test_the_list_costs_the_same_for_one_and_for_many(make_deal, client, django_assert_max_num_queries):
    deal = make_deal()
    deal.draft()
    for _number in range(4):
        other = make_deal(company=deal.company)
        other.draft()
    enter(client, deal.officer)
    with django_assert_max_num_queries(16):
        page = client.get(reverse("agreements:list"))
    assert len(page.context["page"].rows) == 5
    assert len(client.get(reverse("agreements:list"), {"q": deal.contract.number}).context["page"].rows) == 1
    assert "Nothing found" in client.get(reverse("agreements:list"), {"q": "zzz"}).content.decode()


ALL = (
    "view", "edit", "submit", "withdraw", "recall", "cancel", "upload_scan", "confirm_scan", "sign", "order",
)  # fmt: skip


@pytest.mark.parametrize(
    ("who", "status", "may"),
    [
        ("officer", "draft", {"view", "edit", "submit", "cancel"}),
        ("officer", "in_approval", {"view", "withdraw"}),
        ("officer", "pending", {"view", "recall", "cancel", "upload_scan", "confirm_scan"}),
        ("officer", "active", {"view", "order"}),
        ("contract_manager", "pending", {"view", "recall", "cancel", "upload_scan", "confirm_scan", "sign"}),
        ("approver", "draft", set()),
        ("approver", "pending", {"view", "sign", "confirm_scan"}),
        ("auditor", "pending", {"view"}),
        ("auditor", "cancelled", {"view"}),
        ("requester", "active", set()),
        ("elsewhere", "pending", set()),
        ("supplier", "pending", set()),
    ],
)
def test_who_may_do_what(deal, who, status, may):
    contract = deal.draft()
    Contract.objects.filter(pk=contract.pk).update(status=status, activated_at=at()())
    contract.refresh_from_db()
    people = {
        "officer": lambda: make_officer(deal.company),
        "contract_manager": lambda: make_contract_manager(deal.company),
        "approver": lambda: make_approver(deal.company),
        "auditor": lambda: make_auditor(deal.company),
        "requester": lambda: make_requester(deal.company),
        "elsewhere": make_contract_manager,
        "supplier": lambda: make_member(deal.supplier, "admin"),
    }
    person = people[who]()
    assert {action for action in ALL if can(person, action, contract)} == may
    assert visible_to(person).filter(pk=contract.pk).exists() == ("view" in may)


def test_what_one_may_not_see_does_not_exist(printed, client):
    contract = printed.contract
    names = [
        "detail", "lines", "history", "edit", "submit", "withdraw", "recall", "cancel", "sign", "upload_scan",
        "confirm_scan", "refuse_scan",
    ]  # fmt: skip
    for person in (make_officer(), make_member(printed.supplier, "admin"), make_requester(printed.company)):
        enter(client, person)
        for name in names:
            assert client.get(url(name, contract)).status_code == 404, name
        assert client.get(reverse("agreements:create", args=[printed.award.pk])).status_code == 404
        documents_url = reverse("documents:show", args=[printed.pdf.public_id])
        shown = client.get(documents_url).status_code
        assert shown == (200 if person.is_supplier else 404)  # the supplier reads its PDF


def test_a_named_colleague_may_help(deal, client):
    from guardian.shortcuts import assign_perm

    contract = deal.draft()
    colleague = make_requester()
    assert not visible_to(colleague).exists()
    assign_perm("agreements.work_on_contract", colleague, contract)
    colleague = type(colleague).objects.get(pk=colleague.pk)
    assert visible_to(colleague).get() == contract
    assert can(colleague, "edit", contract)
    assert not can(colleague, "cancel", contract)


def test_an_unsigned_contract_says_who_may_sign_or_what_is_missing(printed, client):
    def portal():
        return client.get(reverse("portal:contract", args=[printed.contract.public_id])).text

    printed.signer.membership.delete()
    bidder = make_member(printed.supplier, "bidder")

    enter(client, printed.officer)
    page = client.get(url("detail", printed.contract)).text
    assert "give somebody the role Signer" in page
    assert f"May sign: {printed.manager}" in page

    enter(client, bidder)
    assert "Ask the buyer for the role Signer" in portal()
    assert printed.manager.name not in portal()

    make_member(printed.supplier, "signer", name="Shen")
    assert "May sign: Shen" in portal()

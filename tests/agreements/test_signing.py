import pytest
from django.db import IntegrityError, transaction

from contracts.agreements import services
from contracts.agreements.models import Contract, Signature
from contracts.agreements.signing import NotPrinted, NotTheSigner, OtherText
from procurement.common import documents
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.files import FileRefused
from procurement.common.models import Event, StoredFile
from tests.agreements.conftest import at
from tests.factories import make_approver, make_contract_manager, make_member, make_officer

pytestmark = pytest.mark.django_db


def verbs(contract):
    return list(Event.objects.about(contract).order_by("pk").values_list("verb", flat=True))[3:]


def test_both_sides_sign_and_the_contract_is_active(printed):
    printed.sign("supplier")
    assert printed.reload().status == "pending"
    printed.sign("buyer")

    contract = printed.reload()
    assert contract.status == "active"
    assert contract.activated_at == at(5)()
    assert verbs(contract) == ["contract.signed", "contract.signed", "contract.active"]
    signed = Event.objects.filter(verb="contract.signed").first()
    assert signed.content_hash == printed.pdf.file.sha256
    assert signed.facts == {"number": contract.number, "version": 1, "side": "supplier"}
    assert documents.find("signature_page", contract).status == "pending"


def test_nobody_signs_what_is_not_printed_yet(deal):
    deal.send()
    with pytest.raises(NotPrinted):
        services.sign(
            contract_id=deal.contract.pk,
            version_number=1,
            pdf_sha256="",
            side="buyer",
            actor=deal.manager,
            clock=at(),
        )
    assert not Signature.objects.exists()


@pytest.mark.parametrize("change", [{"pdf_sha256": "0" * 64}, {"version_number": 2}])
def test_only_the_pdf_that_was_read_is_signed(printed, change):
    with pytest.raises(OtherText):
        printed.sign("supplier", **change)
    assert not Signature.objects.exists()


def test_a_side_signs_once_and_the_second_is_told_who_was_first(printed):
    printed.sign("supplier")
    with pytest.raises(AlreadyDone, match=printed.signer.name):
        printed.sign("supplier", make_member(printed.supplier, "admin"))
    assert Signature.objects.count() == 1


def test_the_drafter_does_not_sign(printed):
    both = make_contract_manager(printed.company)
    Contract.objects.filter(pk=printed.contract.pk).update(manager=both)
    with pytest.raises(NotTheSigner):
        printed.sign("buyer", both)
    with pytest.raises(IntegrityError), transaction.atomic():
        Signature.objects.create(
            version=printed.contract.versions.get(), side="buyer", method="door", signer=printed.officer, drafter=printed.officer,
            signer_name="x", rendering=printed.pdf, pdf_sha256="0" * 64, signed_at=at()(), confirmed_at=at()(),
        )  # fmt: skip


def test_who_may_sign_for_which_side(printed):
    strangers = [
        ("buyer", printed.signer),
        ("buyer", make_officer(printed.company)),
        ("buyer", make_contract_manager()),
        ("supplier", make_member(printed.supplier, "bidder")),
        ("supplier", make_member(printed.supplier, "viewer")),
        ("supplier", make_member(role="signer")),
        ("supplier", printed.manager),
    ]
    for side, person in strangers:
        with pytest.raises(NotTheSigner):
            printed.sign(side, person)
    assert not Signature.objects.exists()
    printed.sign("buyer", make_approver(printed.company))
    printed.sign("supplier", make_member(printed.supplier, "admin"))
    assert printed.reload().status == "active"


def test_signatures_of_an_earlier_version_do_not_count(printed):
    printed.sign("supplier")
    services.recall(contract_id=printed.contract.pk, reason="Wrong date", actor=printed.officer, clock=at(6))
    with pytest.raises(AlreadyDone, match="Returned"):
        printed.sign("buyer")
    services.submit(contract_id=printed.contract.pk, actor=printed.officer, clock=at(7))
    documents.render_pending()
    printed.reload()
    printed.pdf = documents.find("contract", printed.contract, version=2)

    printed.sign("buyer")
    assert printed.reload().status == "pending"
    printed.sign("supplier")
    assert printed.reload().status == "active"
    assert Signature.objects.filter(version__number=2).count() == 2


def test_a_cancelled_contract_is_not_signed(printed):
    services.cancel(contract_id=printed.contract.pk, reason="Not needed", actor=printed.officer, clock=at(2))
    with pytest.raises(AlreadyDone, match="Cancelled"):
        printed.sign("supplier")


def test_a_scan_counts_once_a_second_person_has_confirmed_it(printed):
    printed.upload()
    assert printed.reload().status == "pending"
    with pytest.raises(NotTheSigner, match="Somebody else"):
        services.confirm_scan(contract_id=printed.contract.pk, actor=printed.officer, clock=at(7))
    with pytest.raises(AlreadyDone, match="being checked"):
        printed.sign("supplier")

    services.confirm_scan(contract_id=printed.contract.pk, actor=printed.manager, clock=at(8))

    contract = printed.reload()
    assert contract.status == "active"
    assert verbs(contract) == ["contract.scan_uploaded", "contract.scan_confirmed", "contract.active"]
    assert {one.signer_name for one in Signature.objects.all()} == {"Zhou Kai", "沈嘉禾"}
    assert {one.confirmed_by for one in Signature.objects.all()} == {printed.manager}
    with pytest.raises(AlreadyDone):
        services.confirm_scan(contract_id=printed.contract.pk, actor=printed.manager, clock=at(9))


def test_a_scan_for_one_side_joins_a_signature_in_the_system(printed):
    printed.sign("supplier")
    (row,) = printed.upload(names={"buyer": "Zhou Kai"})
    assert row.side == "buyer"
    services.confirm_scan(contract_id=printed.contract.pk, actor=printed.manager, clock=at(8))
    assert printed.reload().status == "active"


def test_a_refused_scan_counts_for_nothing(printed):
    printed.upload()
    services.refuse_scan(
        contract_id=printed.contract.pk, reason="Page 3 is missing", actor=printed.manager, clock=at(7)
    )
    assert not Signature.objects.exists()
    printed.sign("supplier")
    printed.sign("buyer")
    assert printed.reload().status == "active"


def test_a_scan_must_be_a_pdf_or_a_picture_and_name_who_signed(printed):
    files = StoredFile.objects.count()
    with pytest.raises(FileRefused):
        printed.upload(content=b"MZ not a pdf")
    with pytest.raises(RuleViolation, match="Say who signed") as refused:
        printed.upload(names={"buyer": "Zhou Kai", "supplier": " "})
    assert refused.value.field == "supplier_name"
    assert not Signature.objects.exists()
    assert StoredFile.objects.count() == files


def test_a_signature_that_counts_is_never_changed(printed):
    signature = printed.sign("supplier")
    for change in (
        lambda: Signature.objects.filter(pk=signature.pk).update(signer_name="Somebody"),
        lambda: Signature.objects.filter(pk=signature.pk).delete(),
    ):
        with pytest.raises(Exception, match="update|delete"), transaction.atomic():
            change()


def test_signing_takes_few_statements(printed, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        printed.sign("supplier")
    with django_assert_max_num_queries(22):
        printed.sign("buyer")

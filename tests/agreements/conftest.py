import hashlib
import io
from datetime import timedelta

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from contracts.agreements import library, services
from contracts.agreements.models import Clause, Contract, ContractTemplate, TemplateClause
from procurement.common import documents
from tests.factories import NOON, make_award, make_contract_manager, make_member, make_officer


def at(minutes=0):
    """A clock that says noon, or so many minutes later."""
    return lambda: NOON + timedelta(minutes=minutes)


@pytest.fixture
def template(db):
    """The standard template; a test with real threads may have emptied the tables."""
    return ContractTemplate.objects.get(pk=library.install(Clause, ContractTemplate, TemplateClause).pk)


class Deal:
    """One award, the people around it, and its contract as far as a test drives it."""

    def __init__(self, *lines, **award):
        self.award = make_award(*lines, **award)
        self.company = self.award.company
        self.officer = make_officer(self.company)
        self.manager = make_contract_manager(self.company)
        self.supplier = self.award.lines.first().supplier
        self.signer = make_member(self.supplier, "signer")

    def draft(self, **options):
        self.contract = services.draft_from_award(
            award_id=self.award.pk, supplier_id=self.supplier.pk, actor=self.officer, clock=at(), **options
        )
        return self.contract

    def send(self):
        """Drafted and below every limit: to be signed."""
        self.draft()
        services.submit(contract_id=self.contract.pk, actor=self.officer, clock=at(1))
        return self.reload()

    def print(self):
        self.send()
        documents.render_pending()
        self.pdf = documents.find("contract", self.contract, version=self.contract.version)
        return self.contract

    def sign(self, side, actor=None, **changes):
        values = {
            "contract_id": self.contract.pk,
            "version_number": self.contract.version,
            "pdf_sha256": self.pdf.file.sha256,
            "side": side,
            "actor": actor or (self.manager if side == "buyer" else self.signer),
            "clock": at(5),
            **changes,
        }
        return services.sign(**values)

    def upload(self, actor=None, names=None, content=None):
        from procurement.common import files

        data = files.read(self.pdf.file) if content is None else content
        return services.upload_scan(
            contract_id=self.contract.pk,
            version_number=self.contract.version,
            upload=SimpleUploadedFile("signed.pdf", data),
            names=names or {"buyer": "Zhou Kai", "supplier": "沈嘉禾"},
            actor=actor or self.officer,
            clock=at(6),
        )

    def reload(self):
        self.contract = Contract.objects.get(pk=self.contract.pk)
        return self.contract


@pytest.fixture
def deal(template):
    """A deal of one line; `deal.with_lines(…)` makes another."""
    return Deal()


@pytest.fixture
def make_deal(template):
    return Deal


@pytest.fixture
def quick_print(monkeypatch):
    """Documents are one empty page, made in no time: for tests that are not about how they look."""

    def make(html):
        out, page = io.BytesIO(), pikepdf.new()
        page.add_blank_page()
        page.docinfo["/Subject"] = hashlib.sha256(html.encode()).hexdigest()
        page.save(out, deterministic_id=True)
        return out.getvalue(), 1

    monkeypatch.setattr(documents.pdf, "make", make)


@pytest.fixture
def printed(deal, quick_print):
    deal.print()
    return deal

"""The four kinds of documents: the services that flows call exist and take what they are given."""

import inspect

import pytest
from django.db import transaction
from django.urls import reverse

from tests.factories import RequisitionFactory, make_award
from workflows.approvals import handlers
from workflows.approvals.models import DocumentType
from workflows.engine import services as engine
from workflows.flows.documents import KINDS
from workflows.flows.versions import VERSIONS


def test_every_kind_has_its_flow_its_handler_and_its_template():
    kinds = set(DocumentType.values)
    assert kinds == set(VERSIONS) == set(engine.launchers) == set(KINDS)
    for kind in kinds:
        assert handlers.of(kind).summary_template == f"approvals/summary/{kind}.html"


@pytest.mark.parametrize("kind", DocumentType.values)
def test_the_services_take_what_flows_give(kind):
    known = KINDS[DocumentType(kind)]
    for name in (known.approve, "send_back", "reject"):
        service = getattr(known.services(), name)
        inspect.signature(service).bind(**{known.key: 1}, actor=None, at=None, case=None)


@pytest.mark.parametrize("kind", DocumentType.values)
def test_every_kind_has_its_page(kind):
    assert reverse(KINDS[DocumentType(kind)].page, args=[1]) == handlers.of(kind).url(1)


@pytest.mark.django_db
def test_a_document_is_locked_before_it_is_decided_on():
    award = make_award()
    requisition = RequisitionFactory(status="in_approval")

    with transaction.atomic():
        assert handlers.of("requisition").lock(requisition.pk) == requisition.document_hash
        assert handlers.of("award").lock(award.pk) == award.document_hash
        assert handlers.of("rfq").lock(award.rfq_id) == award.rfq.document_hash

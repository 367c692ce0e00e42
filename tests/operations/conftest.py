"""Something of each kind that failed, and the people who look after it."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from procurement.common import events
from procurement.common.clock import database_clock
from procurement.common.models import Delivery, Job, Rendering
from procurement.organization.models import Role
from tests.approvals.conftest import document  # noqa: F401
from tests.factories import RequisitionFactory, UserFactory, make_person
from workflows.notices.models import Digest, Notice

SECRET = "MARK731942.17"


@pytest.fixture
def administrator():
    return make_person(group_roles=[Role.ADMINISTRATOR])


@pytest.fixture
def auditor():
    return make_person(group_roles=[Role.AUDITOR])


@pytest.fixture
def requisition():
    return RequisitionFactory(requester=make_person())


def record(subject, verb="requisition.approved", **fields):
    with transaction.atomic():
        return events.record(verb, subject=subject, actor=None, at=database_clock(), **fields)


def failed_effect(subject, verb="requisition.approved", **fields):
    event = record(subject, verb, **fields)
    Delivery.objects.filter(event=event).update(state="failed", attempts=8, error="OperationalError")
    return Delivery.objects.filter(event=event).first()


def failed_mail(subject, recipient=None, verb="requisition.approved", **fields):
    event = record(subject, verb, **fields)
    recipient = recipient or UserFactory()
    facts = {"title": SECRET, "number": SECRET}
    return Notice.objects.create(
        event=event, recipient=recipient, kind=verb, facts=facts, url="/", mail="failed", attempts=8,
        message_id=f"<{event.pk}.{recipient.pk}@test>",
    )  # fmt: skip


def failed_digest(recipient=None):
    digest = Digest.objects.create(
        recipient=recipient or UserFactory(),
        day="2026-03-18",
        mail="failed",
        attempts=8,
        message_id=f"<digest{Digest.objects.count()}@test>",
    )
    return digest


def failed_rendering(subject, template="rfq", version=1):
    return Rendering.objects.create(
        template=template, subject_type=subject._meta.label_lower, subject_id=subject.pk, language="zh-en",
        version=version, status="failed", attempts=3, error=SECRET, fault="TemplateSyntaxError",
    )  # fmt: skip


def failed_job(user=None, kind="listings.export"):
    return Job.objects.create(
        kind=kind, title=SECRET, message=SECRET, status="failed", attempts=3, fault="MemoryError",
        started_by=user or UserFactory(), arguments={"price": SECRET},
    )  # fmt: skip


MAKERS = {
    "effects": failed_effect,
    "mails": failed_mail,
    "digests": lambda subject: failed_digest(),
    "documents": lambda subject, **options: failed_rendering(
        subject, version=Rendering.objects.count() + 1, **options
    ),
    "jobs": lambda subject: failed_job(),
}


def ago(**passed):
    return Now() - timedelta(**passed)

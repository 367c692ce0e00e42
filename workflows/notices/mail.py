"""A notice as a mail: plain text and simple HTML, in the recipient's language and time zone."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.components import Fact
from procurement.common.figures import clauses, moment_text, money_text
from suppliers.registry.models import Membership
from workflows.approvals import links
from workflows.approvals.models import ApprovalStep
from workflows.notices import arrivals
from workflows.notices.kinds import Words
from workflows.notices.models import Digest, Notice

ASKS = frozenset({"approval.step_activated", "approval.handed_over"})  # notices that ask for a decision


@dataclass(frozen=True, slots=True)
class Line:
    """One notice in the mail of a day."""

    words: Words
    link: str


def message_for(notice: Notice) -> EmailMultiAlternatives:
    """The mail of a notice; the same notice always gives the same Message-ID."""
    user = notice.recipient
    language, zone = language_of(user), ZoneInfo(user.time_zone or settings.TIME_ZONE)
    with translation.override(language), timezone.override(zone):
        words = notice.words
        step = asked_step(notice)
        context = {
            "words": words,
            "name": str(user),
            "link": link_for(notice),
            "facts": facts_of(step) if step else [],
            "once": one_time_link(step) if step else "",
            "language": language,
        }
        message = EmailMultiAlternatives(
            subject=" ".join(words.title.split()),
            body=render_to_string("notices/mail.txt", context),
            to=[user.email],
            headers={"Message-ID": notice.message_id, "Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(render_to_string("notices/mail.html", context), "text/html")
        return message


def digest_message(digest: Digest) -> EmailMultiAlternatives:
    """The mail of a day: what was to wait for it, in the order it happened, each with its link."""
    user = digest.recipient
    language, zone = language_of(user), ZoneInfo(user.time_zone or settings.TIME_ZONE)
    with translation.override(language), timezone.override(zone):
        notices = list(digest.notices.select_related("recipient").order_by("pk"))
        lines = [Line(notice.words, link_for(notice)) for notice in notices]
        context = {"lines": lines, "name": str(user), "language": language, "day": digest.day}
        subject = ngettext("%(count)d notice of the day", "%(count)d notices of the day", len(lines))
        message = EmailMultiAlternatives(
            subject=subject % {"count": len(lines)},
            body=render_to_string("notices/digest.txt", context),
            to=[user.email],
            headers={"Message-ID": digest.message_id, "Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(render_to_string("notices/digest.html", context), "text/html")
        return message


def language_of(user: User) -> str:
    """The person's choice; for a supplier's who made none, that of the supplier's country."""
    guessed: str = settings.LANGUAGE_CODE
    if user.is_supplier and not user.language:
        membership = Membership.objects.filter(user=user).select_related("supplier").first()
        guessed = "zh-hans" if membership and membership.supplier.country == "CN" else guessed
    return user.language or guessed


def link_for(notice: Notice) -> str:
    """Where the mail leads: to the page, for a guest without a password by way of a mailed code."""
    page = notice.url
    if not has_password(notice.recipient):
        page = reverse("notices:arrive", args=[arrivals.token_for(notice)])
    site: str = settings.SITE_URL
    return site.rstrip("/") + page


def asked_step(notice: Notice) -> ApprovalStep | None:
    """The turn that a notice asks its recipient to take, while it is theirs."""
    if notice.kind not in ASKS:
        return None
    steps = ApprovalStep.objects.select_related(
        "case__rule_set", "case__requester", "case__company", "case__department"
    )
    return steps.filter(
        pk=notice.event.subject_id, approver=notice.recipient_id, status=ApprovalStep.Status.ACTIVE
    ).first()


def facts_of(step: ApprovalStep) -> list[Fact]:
    """What one needs to know before one opens it: who asks, for how much, until when (F118)."""
    case = step.case
    facts = [
        Fact(case.get_document_type_display(), case.number or case.title),
        Fact(_("Requester"), clauses([case.requester, (case.department or case.company).label])),
        Fact(_("Net"), money_text(case.amount, case.currency)),
    ]
    if step.due_at:
        facts.append(Fact(_("Until"), moment_text(timezone.localtime(step.due_at))))
    return facts


def one_time_link(step: ApprovalStep) -> str:
    """A link that takes the decision without a log-in, where the rules allow it for this amount; else nothing."""
    secret = links.issue(step, at=database_clock())
    site: str = settings.SITE_URL
    return site.rstrip("/") + reverse("inbox:mailed", args=[secret]) if secret else ""


def has_password(user: User) -> bool:
    """Whether the person logs in by password."""
    return bool(user.password and user.has_usable_password())

"""What all pages about an invitation share: whose it is, what time it is, and how bids are kept out of sight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.core.files.uploadhandler import FileUploadHandler
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from procurement.accounts.models import User
from procurement.bids.models import BidDraft, BidVersion
from procurement.bids.uploads import NoFilesHandler
from procurement.common.clock import database_clock
from procurement.common.components import Crumb
from procurement.common.figures import zone_of
from procurement.common.templatetags.ui import when
from procurement.common.views import Policy, ScopedMixin
from procurement.rfqs.models import Invitation, Rfq
from suppliers.portal.permissions import can, visible_to
from suppliers.registry.models import Supplier


class InvitationPage(ScopedMixin):
    """A page about one invitation of the person's own supplier."""

    policy = Policy.SUPPLIER
    scope = visible_to
    can = can
    action = "view"
    lookup = "public_id"

    @cached_property
    def invitation(self) -> Invitation:
        """The invitation, with what the supplier has made of it."""
        rows = with_standing(self.get_queryset()).select_related("rfq", "rfq__company", "supplier")
        found: Invitation = self.get_object(rows)
        return found

    @property
    def rfq(self) -> Rfq:
        """The RFQ one is invited to."""
        return self.invitation.rfq

    @property
    def supplier(self) -> Supplier:
        """Whom one acts for."""
        return self.invitation.supplier

    @property
    def user(self) -> User:
        """Who acts."""
        return cast(User, self.request.user)

    @cached_property
    def at(self) -> datetime:
        """The moment of this request, by the database."""
        return database_clock()

    @property
    def is_open(self) -> bool:
        """Whether bids are taken at this moment."""
        return self.rfq.accepts_bids_at(self.at)

    def address(self, name: str = "rfq") -> str:
        """Another page about this invitation."""
        return reverse(f"portal:{name}", args=[self.invitation.public_id])

    def frame(self) -> dict[str, Any]:
        """What each of these pages shows around its own part."""
        return {
            "invitation": self.invitation,
            "rfq": self.rfq,
            "is_open": self.is_open,
            "now": self.at,
            "meta": [clock_text(self.at), *zone_note(self.rfq)],
            "may_bid": can(self.user, "bid", self.invitation),
            "crumbs": [Crumb(_("Invitations"), reverse("portal:home")), Crumb(self.rfq.number or "", self.address())],
        }  # fmt: skip


def clock_text(at: datetime) -> SafeString:
    """The server's clock, in the reader's zone."""
    return format_html("{} {}", _("Server time"), when(at))


def zone_note(rfq: Rfq) -> list[SafeString]:
    """The deadline as the RFQ states it, where the reader's clock shows another one."""
    if rfq.closes_at is None:
        return []
    there = timezone.localtime(rfq.closes_at, zone_of(rfq.time_zone))
    if there.utcoffset() == timezone.localtime(rfq.closes_at).utcoffset():
        return []
    return [format_html("{} {}", _("Bids close, as the RFQ states it:"), when(rfq.closes_at, rfq.time_zone))]


def with_standing(rows: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Invitations with what their own supplier has made of them: a draft, the last version sent."""
    sent = BidVersion.objects.filter(bid__rfq=OuterRef("rfq"), supplier=OuterRef("supplier")).order_by(
        "-number"
    )
    drafts = BidDraft.objects.filter(rfq=OuterRef("rfq"), supplier=OuterRef("supplier"))
    return rows.annotate(
        bid_action=Subquery(sent.values("action")[:1]),
        bid_number=Subquery(sent.values("number")[:1]),
        bid_public_id=Subquery(sent.values("bid__public_id")[:1]),
        bid_received_at=Subquery(sent.values("received_at")[:1]),
        has_draft=Exists(drafts),
    )


class SealedBody:
    """Reads a body with a bid in it, once the person is known and let in.

    Django reads the body when it checks the CSRF token, and its own handlers write larger files to disk as they
    are. So the token is checked here, after the handlers that seal have been set.
    """

    request: HttpRequest

    def upload_handlers(self) -> list[FileUploadHandler]:
        """What happens to files in the body: nothing is taken unless a page says otherwise."""
        return [NoFilesHandler(self.request)]

    @method_decorator(sensitive_post_parameters())
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Set the handlers, check the token, go on."""
        if request.method == "POST":
            request.upload_handlers = self.upload_handlers()
        go_on: Callable[..., HttpResponseBase] = super().dispatch  # type: ignore[misc]

        @csrf_protect
        def checked(passed: HttpRequest) -> HttpResponseBase:
            return go_on(passed, *args, **kwargs)

        return checked(request)


class SealedPage(InvitationPage, SealedBody):
    """A page that takes or shows a bid: no cache keeps it, no report of an error quotes it, no file lies open on a disk."""

    action = "bid"

    @classmethod
    def as_view(cls, **options: Any) -> Callable[..., HttpResponseBase]:
        """The middleware would read the body too early; SealedBody checks the token instead."""
        view: Callable[..., HttpResponseBase] = super().as_view(**options)  # type: ignore[misc]
        return csrf_exempt(view)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The doorkeeper first, then the body."""
        response = super().dispatch(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

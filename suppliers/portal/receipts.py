"""Receipts: for every bid sent or withdrawn, for the supplier's own eyes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from procurement.bids.documents import inclusion, receipt_context
from procurement.bids.models import BidVersion, Opening
from procurement.bids.receipts import canonical, is_genuine
from procurement.common import documents
from procurement.common.components import Crumb
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin
from procurement.rfqs.models import Invitation, Rfq
from suppliers.portal.permissions import receipts_visible_to


class ReceiptList(PolicyMixin, TemplateView):
    """All receipts of one's company, the latest first."""

    policy = Policy.SUPPLIER
    template_name = "portal/receipts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """By keys."""
        rows = receipts_visible_to(self.request.user).select_related("bid", "bid__rfq", "submitted_by")
        return super().get_context_data(page=page_of(rows, self.request), **kwargs)


class ReceiptPage(PolicyMixin):
    """A page about one receipt of one's own company."""

    policy = Policy.SUPPLIER
    request: HttpRequest
    kwargs: dict[str, Any]

    @cached_property
    def version(self) -> BidVersion:
        """What was sent."""
        rows = receipts_visible_to(self.request.user).select_related(
            "bid", "bid__rfq", "bid__rfq__company", "supplier", "submitted_by"
        )
        return get_object_or_404(rows, bid__public_id=self.kwargs["public_id"], number=self.kwargs["number"])


class Receipt(ReceiptPage, TemplateView):
    """What was received, when, under which hash; after the opening the proof that it was among the bids."""

    template_name = "portal/receipt.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The signature is checked anew each time."""
        version = self.version
        rfq = version.bid.rfq
        invitation = Invitation.objects.filter(rfq=rfq, supplier=version.supplier).first()
        latest = (
            BidVersion.objects.filter(bid=version.bid)
            .order_by("-number")
            .values_list("number", flat=True)
            .first()
        )
        opened = rfq.opened_at is not None and Opening.objects.filter(rfq=rfq, status="opened").exists()
        return super().get_context_data(
            **receipt_context(version),
            genuine=is_genuine(
                version.receipt, signature=version.receipt_signature, kid=version.receipt_key_id
            ),
            is_latest=version.number == latest,
            latest=latest,
            opened=opened,
            proof=inclusion(version) if opened else None,
            invitation=invitation,
            crumbs=_crumbs(rfq, invitation),
            **kwargs,
        )


def _crumbs(rfq: Rfq, invitation: Invitation | None) -> list[Crumb]:
    found = [Crumb(_("Invitations"), reverse("portal:home"))]
    if invitation is not None:
        found.append(Crumb(rfq.number or "", reverse("portal:rfq", args=[invitation.public_id])))
    return found


class ReceiptFile(ReceiptPage, View):
    """The receipt as it was signed, with its signature, to be kept and checked elsewhere."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The exact bytes in `receipt.json`, its signature in `receipt.sig`, or `receipt.pdf` for people to keep."""
        version = self.version
        if self.kwargs["kind"] == "pdf":
            return redirect(
                "documents:show", documents.request("bid_receipt", version, version=version.number).public_id
            )
        content = {
            "json": (canonical(version.receipt), "application/json"),
            "sig": (version.receipt_signature.encode("ascii"), "text/plain"),
        }.get(self.kwargs["kind"])
        if content is None:
            raise Http404
        name = f"receipt-{str(version.bid.public_id)[:8]}-{version.number}.{self.kwargs['kind']}"
        return HttpResponse(
            content[0],
            content_type=content[1],
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "private, no-store",
            },
        )

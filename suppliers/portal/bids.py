"""Pricing, attaching, sending and withdrawing a bid."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.files.uploadhandler import FileUploadHandler
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.generic import FormView, View

from procurement.bids import attachments, bidding, drafts, pricesheet
from procurement.bids.admission import BiddingClosed, MayNotBid
from procurement.bids.drafts import Draft, DraftChanged
from procurement.bids.models import BidVersion
from procurement.bids.payload import Terms, terms_of
from procurement.bids.typed import LINE_LABELS, Edits
from procurement.bids.uploads import HeldUpload, HoldingUploadHandler, SealedUpload, SealingUploadHandler
from procurement.common import tables
from procurement.common.components import Crumb, FileItem
from procurement.common.errors import RuleViolation
from procurement.common.files import MEGABYTE
from procurement.common.forms import add_refusal
from procurement.common.wholes import whole
from suppliers.portal import grid
from suppliers.portal.forms import SendForm, WithdrawForm
from suppliers.portal.pages import SealedPage

LARGEST_SHEET = 10 * MEGABYTE
SHOWN_CHANGES = 200  # on the page; all are saved


class BidPage(SealedPage):
    """A page about the supplier's bid while it is being made."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Once bidding has closed there is nothing to price: the RFQ's page says how it stands."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except (BiddingClosed, MayNotBid) as refusal:
            if request.headers.get("Accept") == "application/json":
                return JsonResponse({"message": str(refusal)}, status=409)
            messages.warning(request, str(refusal))
            return redirect(self.address())

    @cached_property
    def terms(self) -> Terms:
        """What bids are judged by."""
        return terms_of(self.rfq)

    @cached_property
    def draft(self) -> Draft:
        """What is stored."""
        return drafts.load(rfq=self.rfq, supplier_id=self.supplier.pk, at=self.at)

    def require_open(self) -> None:
        """Refuse to show a form for what cannot be sent."""
        if not self.is_open:
            late = self.rfq.closes_at is not None and self.at >= self.rfq.closes_at
            raise BiddingClosed(at=self.at, late=late)

    @cached_property
    def typed(self) -> Edits:
        """What was posted."""
        return Edits.from_post(self.request.POST, line_keys=self.terms.lines)

    @property
    def edit_version(self) -> int:
        """The draft that the posted page was made from."""
        return whole(self.request.POST.get("revision"), digits=9) or 0

    @sensitive_variables()
    def save(self, uploads: Sequence[SealedUpload] = ()) -> Draft:
        """Keep what was posted."""
        return attachments.add(
            rfq_id=self.rfq.pk,
            supplier=self.supplier,
            uploads=uploads,
            typed=self.typed,
            edit_version=self.edit_version,
            actor=self.user,
        )

    # --- showing it

    @property
    def wide(self) -> bool:
        """Whether all columns are shown."""
        return self.request.GET.get("columns") == "all"

    def window(self, shown: grid.Preview) -> grid.Window:
        """The lines that this page of the grid shows."""
        lines = grid.lines_of(self.rfq)
        if self.request.GET.get("show") == "missing":
            lines = grid.missing(lines, shown)
        asked = self.request.GET
        return grid.window_of(lines, asked.get("page", ""), most=asked.get("rows", ""))

    def here(self, **changed: str) -> str:
        """This page of the grid, with some choices changed; what is chosen anyway is left out."""
        query = {name: self.request.GET.get(name, "") for name in ("columns", "show", "page")} | changed
        return "?" + urlencode({name: text for name, text in query.items() if text})

    @sensitive_variables()
    def page(self, draft: Draft, *, refusals: list[str] | None = None, status: int = 200) -> HttpResponse:
        """The grid with what was typed."""
        columns = grid.ALL if self.wide else grid.SHORT
        shown = grid.preview(draft.typed, self.terms)
        window = self.window(shown)
        context = {
            **self.frame(),
            "view": self,
            "columns": [(name, LINE_LABELS[name]) for name in columns],
            "wide": self.wide,
            "window": window,
            "only_missing": self.request.GET.get("show") == "missing",
            "links": {
                "narrow": self.here(columns=""),
                "wide": self.here(columns="all"),
                "all": self.here(show="", page=""),
                "missing": self.here(show="missing", page=""),
                "next": self.here(page=str(window.next)) if window.next else "",
            },
            "rows": grid.grid_rows(window, shown, columns=columns),
            "header": grid.header_fields(shown, self.rfq),
            "sums": grid.sums(shown),
            "shown": shown,
            "missing_count": len(self.terms.lines) - shown.filled,
            **grid.rest(window, shown),
            "decimals": grid.decimals_of(shown.payload.currency),
            "checks": grid.checks(shown),
            "draft": draft,
            "tab": uuid.uuid4().hex,
            "files": self.files(draft),
            "refusals": refusals or [],
            "line_count": len(self.terms.lines),
            "field_error": bool(shown.mistakes),
        }
        return self.render(context, status)

    def render(self, context: dict[str, Any], status: int) -> HttpResponse:
        """The page."""
        return render(self.request, "portal/bid.html", context, status=status)

    def files(self, draft: Draft) -> list[tuple[str, FileItem]]:
        """The attachments in the draft, each with its key for removal."""
        return [
            (one.file, FileItem(one.title, reverse("portal:file", args=[self.invitation.public_id, one.file]), size=one.size))
            for one in draft.typed.attachments
        ]  # fmt: skip

    @sensitive_variables()
    def conflict(self, refusal: DraftChanged) -> HttpResponse:
        """Somebody else saved: show what was typed here, nothing is lost; saving again overwrites theirs."""
        stored = self.draft
        typed = self.typed.onto(stored.typed)
        text = _("%(refusal)s What you typed is below. Saving again replaces what was saved.") % {
            "refusal": refusal
        }
        return self.page(
            Draft(typed, stored.edit_version, stored.rfq_revision, stored.updated_at),
            refusals=[text],
            status=409,
        )


class PriceGrid(BidPage, View):
    """The bid: prices line by line, terms, attachments. Works without scripts; with them it saves itself."""

    def upload_handlers(self) -> list[FileUploadHandler]:
        """Seal files while they arrive, if they may come at all."""
        if not self.is_open:
            return super().upload_handlers()
        room = attachments.room_left(rfq_id=self.rfq.pk, supplier_id=self.supplier.pk)
        self.sealing = SealingUploadHandler(self.request, room=room)
        return [self.sealing]

    @sensitive_variables()
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The draft, or an empty grid; with `rows` only the lines of so many windows, for scripts."""
        self.require_open()
        if "rows" not in request.GET:
            return self.page(self.draft)
        shown = grid.preview(self.draft.typed, self.terms)
        window = self.window(shown)
        rows = grid.grid_rows(window, shown, columns=grid.ALL if self.wide else grid.SHORT)
        following = self.here(page=str(window.next)) if window.next else ""
        return HttpResponse(f"<table>{rows}</table>", headers={"X-Next": following})

    @sensitive_variables()
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save what was typed and attached; go on to the review where that was asked for."""
        self.require_open()
        uploads = [one for one in request.FILES.getlist("files") if isinstance(one, SealedUpload)]
        refusals = [str(one) for one in self.sealing.refusals]
        try:
            draft = self.save(uploads)
        except DraftChanged as refusal:
            return self.conflict(refusal)
        except (BiddingClosed, MayNotBid):
            raise
        except RuleViolation as refusal:
            refused = Draft(self.typed.onto(self.draft.typed), self.draft.edit_version)
            return self.page(refused, refusals=[*refusals, str(refusal)], status=422)
        if refusals:
            return self.page(draft, refusals=refusals, status=422)
        if "review" in request.POST:
            return redirect(self.address("submit"))
        said = (
            _("The prices of the sheet are in your draft.") if "sheet" in request.POST else _("Draft saved.")
        )
        messages.success(request, _("Attached and sealed.") if uploads else said)
        place = self.here(page=request.POST["page"][:5]) if "page" in request.POST else self.here()
        return redirect(self.address("bid") + place + ("#attachments" if uploads else ""))


class Autosave(BidPage, View):
    """What was typed is kept a moment later; the answer brings the sums."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        """Save, right or wrong."""
        try:
            draft = self.save()
        except (DraftChanged, BiddingClosed, MayNotBid) as refusal:
            return JsonResponse({"message": str(refusal)}, status=409)
        except RuleViolation as refusal:
            return JsonResponse({"message": str(refusal), "errors": {}}, status=422)
        shown = grid.preview(draft.typed, self.terms)
        checks = render_to_string("components/checklist.html", {"items": grid.checks(shown)})
        return JsonResponse(
            {
                "saved_at": f"{timezone.localtime():%H:%M:%S}",
                "revision": draft.edit_version,
                "checks": checks,
                **grid.answer(shown, self.typed.lines),
            }
        )


class PriceSheet(BidPage, View):
    """The prices as a spreadsheet: down with what was typed so far, up again, and what that would change."""

    def upload_handlers(self) -> list[FileUploadHandler]:
        """Held in memory while it is read; never on a disk, never in a session."""
        self.holding = HoldingUploadHandler(self.request, largest=LARGEST_SHEET)
        return [self.holding]

    @sensitive_variables()
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The sheet to fill in."""
        self.require_open()
        currency = grid.preview(self.draft.typed, self.terms).payload.currency
        content = pricesheet.workbook(self.rfq, grid.lines_of(self.rfq), self.draft.typed, currency=currency)
        name = f"{self.rfq.number}-r{self.rfq.revision}.xlsx"
        return HttpResponse(
            content,
            content_type=tables.XLSX_TYPE,
            headers={"Content-Disposition": content_disposition_header(True, name) or "attachment"},
        )

    @sensitive_variables()
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What a filled-in sheet would change; nothing is kept before that is confirmed on the page it leads to."""
        self.require_open()
        upload = request.FILES.get("sheet")
        if self.holding.refusal is not None:
            return self.preview(refusal=self.holding.refusal)
        if not isinstance(upload, HeldUpload):
            return self.preview(refusal=RuleViolation(_("Choose the filled-in price sheet first.")))
        try:
            filled = pricesheet.read(
                upload.read(), name=upload.name or "", terms=self.terms, present=self.draft.typed
            )
        except RuleViolation as refusal:
            return self.preview(refusal=refusal)
        return self.preview(filled=filled)

    @sensitive_variables()
    def preview(
        self, *, filled: pricesheet.Filled | None = None, refusal: RuleViolation | None = None
    ) -> HttpResponse:
        """Before and after, or what is wrong."""
        frame = self.frame()
        frame["crumbs"] = [*frame["crumbs"], Crumb(_("My bid"), self.address("bid"))]
        before = grid.preview(self.draft.typed, self.terms)
        after = grid.preview(filled.edits.onto(self.draft.typed), self.terms) if filled else before
        names = {str(one.line.key): one.description for one in grid.lines_of(self.rfq)} if filled else {}
        context = {
            **frame,
            "changes": [(one, names.get(one.line, "")) for one in filled.changes] if filled else [],
            "shown_changes": SHOWN_CHANGES,
            "filled": filled,
            "refusal": refusal,
            "mistakes": getattr(refusal, "mistakes", []),
            "more_mistakes": getattr(refusal, "more", 0),
            "before": grid.sums(before),
            "after": grid.sums(after),
            "draft": self.draft,
            "line_count": len(self.terms.lines),
            "tab": uuid.uuid4().hex,
        }
        return render(self.request, "portal/sheet.html", context, status=422 if refusal else 200)


class Detach(BidPage, View):
    """Take a file out of the draft; what was typed is saved with that."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The button names the file."""
        try:
            attachments.remove(
                rfq_id=self.rfq.pk,
                supplier=self.supplier,
                file=request.POST.get("remove", ""),
                typed=self.typed,
                edit_version=self.edit_version,
                actor=self.user,
            )
        except DraftChanged as refusal:
            return self.conflict(refusal)
        return redirect(self.address("bid") + "#attachments")


class AttachedFile(BidPage, View):
    """One's own attachment, from the draft."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Only while there is a draft."""
        wanted = str(self.kwargs["file"])
        found = next((one for one in self.draft.typed.attachments if one.file == wanted), None)
        if found is None:
            raise Http404
        response = attachments.serve_own(found, rfq_id=self.rfq.pk, supplier_id=self.supplier.pk)
        if response is None:
            raise Http404
        return response


class Review(BidPage, FormView[SendForm]):
    """What will be sealed, what is still wrong with it, and the button that sends it."""

    form_class = SendForm
    template_name = "portal/submit.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Only while bids are taken."""
        self.require_open()
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        """One key for this page: sending it twice is sending it once."""
        return {"request_key": uuid.uuid4(), "edit_version": self.draft.edit_version, "keep_copy": True}

    @sensitive_variables()
    def form_valid(self, form: SendForm) -> HttpResponse:
        """Seal and send what was reviewed."""
        chosen = form.cleaned_data
        try:
            version = bidding.submit_bid(
                rfq_id=self.rfq.pk,
                supplier=self.supplier,
                actor=self.user,
                request_key=chosen["request_key"],
                edit_version=chosen["edit_version"],
                keep_copy=chosen["keep_copy"],
            )
        except (BiddingClosed, MayNotBid):
            raise
        except RuleViolation as refusal:
            return self.refuse(refusal)
        return redirect("portal:receipt", version.bid.public_id, version.number)

    def refuse(self, refusal: RuleViolation) -> HttpResponse:
        """Show the draft as it is now, with a new key; nothing was sent."""
        form = SendForm(initial=self.get_initial())
        context = self.get_context_data(form=form, refusal=refusal)
        return self.render_to_response(context, status=409 if isinstance(refusal, DraftChanged) else 422)

    @sensitive_variables()
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The bid in one view."""
        shown = grid.preview(self.draft.typed, self.terms)
        frame = self.frame()
        frame["crumbs"] = [*frame["crumbs"], Crumb(_("My bid"), self.address("bid"))]
        return super().get_context_data(
            **frame,
            shown=shown,
            payload=shown.payload,
            rows=grid.review_rows(grid.lines_of(self.rfq), shown),
            sums=grid.sums(shown),
            checks=grid.checks(shown, link=self.address("bid")),
            ready=not shown.problems,
            files=[item for _key, item in self.files(self.draft)],
            **kwargs,
        )


class Withdraw(BidPage, FormView[WithdrawForm]):
    """Take the bid back before the deadline."""

    form_class = WithdrawForm
    template_name = "common/confirm.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Only where there is something to withdraw."""
        self.require_open()
        if self.invitation.bid_action != BidVersion.Action.SUBMIT:  # type: ignore[attr-defined]
            return redirect(self.address())
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        """One key for this page."""
        return {"request_key": uuid.uuid4()}

    def form_valid(self, form: WithdrawForm) -> HttpResponse:
        """Withdraw; there is a receipt for that as well."""
        try:
            version = bidding.withdraw_bid(
                rfq_id=self.rfq.pk,
                supplier=self.supplier,
                actor=self.user,
                request_key=form.cleaned_data["request_key"],
            )
        except (BiddingClosed, MayNotBid):
            raise
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        return redirect("portal:receipt", version.bid.public_id, version.number)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What it means."""
        return super().get_context_data(
            **self.frame(),
            title=_("Withdraw the bid on %(number)s") % {"number": self.rfq.number},
            text=_(
                "The bid will not be opened. You may send another one until the deadline. You get a receipt."
            ),
            action_label=_("Withdraw the bid"),
            danger=True,
            back_url=self.address(),
            **kwargs,
        )

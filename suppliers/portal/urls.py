"""The supplier's door. Each part of it brings its own addresses; later ones are added to `urlpatterns`."""

from django.urls import URLPattern, path

from suppliers.portal import bids, home, invitations, receipts
from suppliers.portal.contracts import CONTRACTS
from suppliers.portal.members import MEMBERS
from suppliers.portal.orders import ORDERS
from suppliers.portal.results import RESULTS

app_name = "portal"

INVITATIONS = [
    path("", home.Home.as_view(), name="home"),
    path("rfqs/<uuid:public_id>/", invitations.RfqPage.as_view(), name="rfq"),
    path("rfqs/<uuid:public_id>/documents/<int:document>/", invitations.Document.as_view(), name="document"),
    path("rfqs/<uuid:public_id>/intend/", invitations.Intend.as_view(), name="intend"),
    path("rfqs/<uuid:public_id>/decline/", invitations.Decline.as_view(), name="decline"),
]
BIDS = [
    path("rfqs/<uuid:public_id>/bid/", bids.PriceGrid.as_view(), name="bid"),
    path("rfqs/<uuid:public_id>/bid/save/", bids.Autosave.as_view(), name="autosave"),
    path("rfqs/<uuid:public_id>/bid/sheet/", bids.PriceSheet.as_view(), name="sheet"),
    path("rfqs/<uuid:public_id>/bid/detach/", bids.Detach.as_view(), name="detach"),
    path("rfqs/<uuid:public_id>/bid/files/<uuid:file>/", bids.AttachedFile.as_view(), name="file"),
    path("rfqs/<uuid:public_id>/bid/submit/", bids.Review.as_view(), name="submit"),
    path("rfqs/<uuid:public_id>/bid/withdraw/", bids.Withdraw.as_view(), name="withdraw"),
]
RECEIPTS = [
    path("receipts/", receipts.ReceiptList.as_view(), name="receipts"),
    path("receipts/<uuid:public_id>/<int:number>/", receipts.Receipt.as_view(), name="receipt"),
    path("receipts/<uuid:public_id>/<int:number>/receipt.<str:kind>", receipts.ReceiptFile.as_view(), name="receipt_file"),
]  # fmt: skip

urlpatterns: list[URLPattern] = [*INVITATIONS, *BIDS, *RECEIPTS, *RESULTS, *CONTRACTS, *ORDERS, *MEMBERS]

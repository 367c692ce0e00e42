"""Addresses around the opening of bids."""

from django.urls import path

from procurement.bids import views

app_name = "bids"
urlpatterns = [
    path("sealing/", views.HowSealed.as_view(), name="sealing"),
    path("receipt-key.json", views.ReceiptKey.as_view(), name="receipt_key"),
    path("<int:pk>/open/", views.OpenBids.as_view(), name="open"),
    path("<int:pk>/open/confirm/", views.ConfirmOpening.as_view(), name="confirm"),
    path("<int:pk>/open/state/", views.OpeningState.as_view(), name="state"),
    path("<int:pk>/rates/", views.EnterRates.as_view(), name="rates"),
    path("<int:pk>/opening/", views.OpeningRecord.as_view(), name="opening"),
    path("<int:pk>/attachments/<int:attachment>/", views.OpenedAttachment.as_view(), name="attachment"),
]

"""Addresses of contracts."""

from django.urls import path

from contracts.agreements import views

app_name = "agreements"
urlpatterns = [
    path("", views.ContractList.as_view(), name="list"),
    path("new/<int:pk>/", views.CreateContract.as_view(), name="create"),
    path("<int:pk>/", views.ShowContract.as_view(), name="detail"),
    path("<int:pk>/lines/", views.ContractLines.as_view(), name="lines"),
    path("<int:pk>/history/", views.ContractHistory.as_view(), name="history"),
    path("<int:pk>/edit/", views.EditContract.as_view(), name="edit"),
    path("<int:pk>/edit/preview/", views.PreviewDraft.as_view(), name="preview"),
    path("<int:pk>/edit/preview/pdf/", views.PreviewPdf.as_view(), name="preview_pdf"),
    path("<int:pk>/changes/", views.ContractChanges.as_view(), name="changes"),
    path("<int:pk>/versions/<int:number>/", views.ContractChanges.as_view(), name="version"),
    path("<int:pk>/renewal/", views.DecideRenewal.as_view(), name="renew"),
    path("<int:pk>/submit/", views.SubmitContract.as_view(), name="submit"),
    path("<int:pk>/withdraw/", views.WithdrawContract.as_view(), name="withdraw"),
    path("<int:pk>/recall/", views.RecallContract.as_view(), name="recall"),
    path("<int:pk>/cancel/", views.CancelContract.as_view(), name="cancel"),
    path("<int:pk>/sign/", views.SignContract.as_view(), name="sign"),
    path("<int:pk>/scan/", views.UploadScan.as_view(), name="upload_scan"),
    path("<int:pk>/scan/confirm/", views.ConfirmScan.as_view(), name="confirm_scan"),
    path("<int:pk>/scan/refuse/", views.RefuseScan.as_view(), name="refuse_scan"),
    path("<int:pk>/scan/<uuid:public_id>/", views.ShowScan.as_view(), name="scan"),
]

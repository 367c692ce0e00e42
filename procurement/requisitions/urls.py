"""Addresses of requests."""

from django.urls import path

from procurement.requisitions import views

app_name = "requisitions"
urlpatterns = [
    path("", views.RequisitionList.as_view(), name="list"),
    path("new/", views.CreateRequisition.as_view(), name="create"),
    path("pool/", views.Pool.as_view(), name="pool"),
    path("pool/assign/", views.AssignLines.as_view(), name="assign"),
    path("<int:pk>/", views.ShowRequisition.as_view(), name="detail"),
    path("<int:pk>/edit/", views.EditRequisition.as_view(), name="edit"),
    path("<int:pk>/submit/", views.SubmitRequisition.as_view(), name="submit"),
    path("<int:pk>/reopen/", views.ReopenRequisition.as_view(), name="reopen"),
    path("<int:pk>/withdraw/", views.WithdrawRequisition.as_view(), name="withdraw"),
    path("<int:pk>/cancel/", views.CancelRequisition.as_view(), name="cancel"),
    path("<int:pk>/delete/", views.DeleteRequisition.as_view(), name="delete"),
    path("<int:pk>/copy/", views.CopyRequisition.as_view(), name="copy"),
    path("<int:pk>/template/", views.KeepTemplate.as_view(), name="template"),
    path("<int:pk>/documents/", views.AttachDocument.as_view(), name="attach"),
    path("<int:pk>/documents/<int:document>/", views.ShowDocument.as_view(), name="document"),
    path("<int:pk>/documents/<int:document>/remove/", views.DetachDocument.as_view(), name="detach"),
]

"""Printed documents, by their random ids."""

from django.urls import path

from procurement.common import document_views as views

app_name = "documents"
urlpatterns = [
    path("<uuid:public_id>/", views.ShowDocument.as_view(), name="show"),
    path("<uuid:public_id>/download/", views.DownloadDocument.as_view(), name="download"),
    path("<uuid:public_id>/state/", views.DocumentState.as_view(), name="state"),
    path("<uuid:public_id>/retry/", views.RetryDocument.as_view(), name="retry"),
    path("verify/", views.CheckDocument.as_view(), name="check"),
    path("verify/<uuid:public_id>/", views.VerifyDocument.as_view(), name="verify"),
]

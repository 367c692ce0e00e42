"""Addresses for whoever keeps the system running."""

from django.urls import path

from workflows.operations import views

app_name = "operations"
urlpatterns = [
    path("", views.Overview.as_view(), name="overview"),
    path("sealed/", views.RetrySealed.as_view(), name="retry_sealed"),
    path("<slug:matter>/", views.TroubleList.as_view(), name="list"),
    path("<slug:matter>/retry/", views.RetryAll.as_view(), name="retry_all"),
    path("<slug:matter>/<int:pk>/retry/", views.RetryOne.as_view(), name="retry"),
]

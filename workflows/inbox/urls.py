"""Addresses of the inbox."""

from django.urls import path

from workflows.inbox import views

app_name = "inbox"
urlpatterns = [
    path("", views.Inbox.as_view(), name="list"),
    path("decisions/", views.History.as_view(), name="history"),
    path("bulk/", views.Bulk.as_view(), name="bulk"),
    path("waiting/", views.Waiting.as_view(), name="waiting"),
    path("<int:pk>/remind/", views.Remind.as_view(), name="remind"),
    path("<int:pk>/", views.Decide.as_view(), name="decide"),
]

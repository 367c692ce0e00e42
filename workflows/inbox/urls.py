"""Addresses of the inbox."""

from django.urls import path

from workflows.inbox import views

app_name = "inbox"
urlpatterns = [
    path("", views.Inbox.as_view(), name="list"),
    path("decisions/", views.History.as_view(), name="history"),
    path("<int:pk>/", views.Decide.as_view(), name="decide"),
]

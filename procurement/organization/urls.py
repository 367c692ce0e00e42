"""Addresses of the organization."""

from django.urls import path

from procurement.organization import views

app_name = "organization"
urlpatterns = [path("colleagues/", views.Colleagues.as_view(), name="colleagues")]

"""Addresses of the staff's door."""

from django.urls import path

from procurement.office import views

app_name = "office"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("trace/<int:pk>/", views.Trace.as_view(), name="trace"),
]

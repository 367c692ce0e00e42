"""Addresses of the figures."""

from django.urls import path

from procurement.analytics import views

app_name = "analytics"
urlpatterns = [
    path("", views.Pipeline.as_view(), name="pipeline"),
    path("cycle-times/", views.CycleTimes.as_view(), name="cycles"),
    path("savings/", views.Savings.as_view(), name="savings"),
    path("spend/", views.Spend.as_view(), name="spend"),
    path("competition/", views.Competition.as_view(), name="competition"),
    path("acknowledgement/", views.Orders.as_view(), name="orders"),
    path("documents/<slug:of>/", views.Documents.as_view(), name="documents"),
]

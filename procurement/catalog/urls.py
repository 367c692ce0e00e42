"""Addresses of the catalogue."""

from django.urls import path

from procurement.catalog import views

app_name = "catalog"
urlpatterns = [path("items/search/", views.ItemSearch.as_view(), name="item_search")]

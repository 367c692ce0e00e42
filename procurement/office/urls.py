"""Addresses of the staff's door."""

from django.urls import path

from procurement.office import search_pages, styleguide, views

app_name = "office"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("search/", search_pages.Search.as_view(), name="search"),
    path("search/suggest/", search_pages.Suggest.as_view(), name="suggest"),
    path("styleguide/", styleguide.Styleguide.as_view(), name="styleguide"),
    path("trace/<int:pk>/", views.Trace.as_view(), name="trace"),
]

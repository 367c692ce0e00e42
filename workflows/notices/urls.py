"""Addresses of notices."""

from django.urls import path

from workflows.notices import views

app_name = "notices"
urlpatterns = [
    path("", views.Notices.as_view(), name="list"),
    path("preferences/", views.Preferences.as_view(), name="preferences"),
    path("read/", views.ReadAll.as_view(), name="read_all"),
    path("from-mail/<str:token>/", views.Arrive.as_view(), name="arrive"),
    path("<int:pk>/", views.Open.as_view(), name="open"),
]

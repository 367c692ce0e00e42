"""Pages about oneself. Log-in and passwords are allauth's, under the same address."""

from django.urls import path

from procurement.accounts import views

app_name = "accounts"
urlpatterns = [
    path("language/", views.SetLanguage.as_view(), name="set_language"),
    path("profile/", views.Profile.as_view(), name="profile"),
    path("enter/", views.EnterAs.as_view(), name="enter_as"),
]

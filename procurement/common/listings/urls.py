"""Addresses of kept filters and of lists as files."""

from django.urls import path

from procurement.common.listings import views

app_name = "listings"
urlpatterns = [
    path("", views.KeptFilters.as_view(), name="kept"),
    path("kept/<int:pk>/rename/", views.RenameFilter.as_view(), name="rename"),
    path("kept/<int:pk>/delete/", views.ForgetFilter.as_view(), name="forget"),
    path("kept/<int:pk>/open-with/", views.OpenWith.as_view(), name="open_with"),
    path("<slug:listing>/export/<slug:form>/", views.Export.as_view(), name="export"),
    path("<slug:listing>/keep/", views.KeepFilter.as_view(), name="keep"),
]

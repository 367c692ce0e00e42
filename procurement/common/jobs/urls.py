"""Long work, by random ids."""

from django.urls import path

from procurement.common.jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.JobList.as_view(), name="list"),
    path("<uuid:public_id>/", views.ShowJob.as_view(), name="show"),
    path("<uuid:public_id>/state/", views.JobState.as_view(), name="state"),
    path("<uuid:public_id>/file/", views.JobFile.as_view(), name="file"),
]

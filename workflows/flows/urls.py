"""Processes, by their cases."""

from django.urls import path

from workflows.flows import views

app_name = "flows"
urlpatterns = [
    path("<int:pk>/", views.ShowProcess.as_view(), name="process"),
    path("<int:pk>/bpmn/", views.ProcessFile.as_view(), name="bpmn"),
]

"""Addresses of evaluation."""

from django.urls import path

from procurement.evaluation import views

app_name = "evaluation"
urlpatterns = [
    path("", views.AwardList.as_view(), name="list"),
    path("rfq/<int:pk>/", views.Compare.as_view(), name="comparison"),
    path("rfq/<int:pk>/picks/", views.SavePicks.as_view(), name="picks"),
    path("rfq/<int:pk>/picks/adopt/", views.AdoptPicks.as_view(), name="adopt"),
    path("rfq/<int:pk>/memo/", views.CreateMemo.as_view(), name="memo"),
    path("rfq/<int:pk>/comparison.xlsx", views.Export.as_view(), name="export"),
    path("rfq/<int:pk>/results/", views.SendResults.as_view(), name="results"),
    path("rfq/<int:pk>/results/<int:bid>/", views.PreviewResult.as_view(), name="result"),
    path("rfq/<int:pk>/scores/", views.Scores.as_view(), name="scores"),
    path("rfq/<int:pk>/award/", views.CreateAward.as_view(), name="award_create"),
    path("rfq/<int:pk>/close/", views.Close.as_view(), name="close"),
    path("<int:pk>/", views.ShowAward.as_view(), name="award"),
    path("<int:pk>/edit/", views.EditAward.as_view(), name="award_edit"),
    path("<int:pk>/submit/", views.Submit.as_view(), name="submit"),
    path("<int:pk>/withdraw/", views.Withdraw.as_view(), name="withdraw"),
    path("<int:pk>/cancel/", views.Cancel.as_view(), name="cancel"),
]

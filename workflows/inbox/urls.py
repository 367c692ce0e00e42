"""Addresses of the inbox."""

from django.urls import path

from workflows.inbox.views import acts, away, mailed, pages

app_name = "inbox"
urlpatterns = [
    path("", pages.Inbox.as_view(), name="list"),
    path("decisions/", pages.History.as_view(), name="history"),
    path("bulk/", pages.Bulk.as_view(), name="bulk"),
    path("waiting/", pages.Waiting.as_view(), name="waiting"),
    path("<int:pk>/remind/", pages.Remind.as_view(), name="remind"),
    path("away/", away.Away.as_view(), name="away"),
    path("away/new/", away.GoAway.as_view(), name="go_away"),
    path("away/<int:pk>/end/", away.EndAway.as_view(), name="end_away"),
    path("link/<str:secret>/", mailed.Mailed.as_view(), name="mailed"),
    path("case/<int:pk>/", acts.CaseCard.as_view(), name="case"),
    path("case/<int:pk>/remark/", acts.Remark.as_view(), name="remark"),
    path("case/<int:pk>/watch/", acts.Watching.as_view(), name="watch"),
    path("case/<int:pk>/watcher/", acts.AddWatcher.as_view(), name="add_watcher"),
    path("file/<int:pk>/", acts.RemarkFile.as_view(), name="file"),
    path("<int:pk>/forward/", acts.Forward.as_view(), name="forward"),
    path("<int:pk>/extra/", acts.AskExtra.as_view(), name="ask_extra"),
    path("<int:pk>/lines/", acts.LeaveLinesOut.as_view(), name="lines"),
    path("<int:pk>/take-back/", acts.TakeBack.as_view(), name="take_back"),
    path("<int:pk>/", pages.Decide.as_view(), name="decide"),
]

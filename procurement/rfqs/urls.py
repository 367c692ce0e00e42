"""Addresses of RFQs on our side."""

from django.urls import path

from procurement.rfqs import views

app_name = "rfqs"
urlpatterns = [
    path("", views.RfqList.as_view(), name="list"),
    path("new/", views.StartRfq.as_view(), name="create"),
    path("new/propose/", views.ProposeRfq.as_view(), name="propose"),
    path("spot/", views.SpotBuy.as_view(), name="spot"),
    path("templates/", views.Templates.as_view(), name="templates"),
    path("templates/<int:template>/use/", views.UseTemplate.as_view(), name="use_template"),
    path("templates/<int:template>/remove/", views.RemoveTemplate.as_view(), name="remove_template"),
    path("<int:pk>/", views.Overview.as_view(), name="detail"),
    path("<int:pk>/checklist/", views.Checklist.as_view(), name="checklist"),
    path("<int:pk>/remind/", views.Remind.as_view(), name="remind"),
    path("<int:pk>/edit/", views.EditTerms.as_view(), name="edit"),
    path("<int:pk>/lines/", views.Lines.as_view(), name="lines"),
    path("<int:pk>/criteria/", views.Criteria.as_view(), name="criteria"),
    path("<int:pk>/documents/", views.Documents.as_view(), name="documents"),
    path("<int:pk>/documents/<int:document>/", views.ShowDocument.as_view(), name="document"),
    path("<int:pk>/documents/<int:document>/remove/", views.RemoveDocument.as_view(), name="remove_document"),
    path("<int:pk>/suppliers/", views.Suppliers.as_view(), name="suppliers"),
    path("<int:pk>/suppliers/<int:supplier>/remove/", views.Uninvite.as_view(), name="uninvite"),
    path("<int:pk>/team/", views.Team.as_view(), name="team"),
    path("<int:pk>/team/add/", views.AddToTeam.as_view(), name="add_to_team"),
    path("<int:pk>/team/<int:member>/remove/", views.RemoveFromTeam.as_view(), name="remove_from_team"),
    path("<int:pk>/history/", views.History.as_view(), name="history"),
    path("<int:pk>/submit/", views.Submit.as_view(), name="submit"),
    path("<int:pk>/withdraw/", views.Withdraw.as_view(), name="withdraw"),
    path("<int:pk>/cancel/", views.Cancel.as_view(), name="cancel"),
    path("<int:pk>/copy/", views.Copy.as_view(), name="copy"),
    path("<int:pk>/retender/", views.Retender.as_view(), name="retender"),
    path("<int:pk>/template/", views.KeepTemplate.as_view(), name="keep_template"),
    path("<int:pk>/few-bids/", views.GoOnWithFewBids.as_view(), name="few_bids"),
    path("<int:pk>/extend/", views.Extend.as_view(), name="extend"),
    path(
        "<int:pk>/extend/<int:extension>/confirm/", views.ConfirmExtension.as_view(), name="confirm_extension"
    ),
    path("<int:pk>/extend/<int:extension>/drop/", views.DropExtension.as_view(), name="drop_extension"),
]

"""Addresses of purchase orders."""

from django.urls import path

from contracts.orders import views

app_name = "orders"
urlpatterns = [
    path("", views.OrderList.as_view(), name="list"),
    path("draft/<int:pk>/", views.DraftOrders.as_view(), name="draft"),
    path("<int:pk>/", views.ShowOrder.as_view(), name="detail"),
    path("<int:pk>/issue/", views.IssueOrder.as_view(), name="issue"),
    path("<int:pk>/accept/", views.AcceptAnswer.as_view(), name="accept"),
    path("<int:pk>/ask-again/", views.AskAgain.as_view(), name="ask_again"),
    path("<int:pk>/cancel/", views.CancelOrder.as_view(), name="cancel"),
]

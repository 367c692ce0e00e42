"""Addresses of the supplier register."""

from django.urls import path

from suppliers.registry import views

app_name = "registry"
urlpatterns = [
    path("", views.SupplierList.as_view(), name="list"),
    path("new/", views.SupplierCreate.as_view(), name="create"),
    path("<int:pk>/", views.SupplierDetail.as_view(), name="detail"),
    path("<int:pk>/edit/", views.SupplierEdit.as_view(), name="edit"),
    path("<int:pk>/contacts/", views.SupplierContacts.as_view(), name="contacts"),
    path("<int:pk>/invite/", views.InviteUser.as_view(), name="invite"),
    path("<int:pk>/verify/", views.Verify.as_view(), name="verify"),
    path("<int:pk>/block/", views.Block.as_view(), name="block"),
    path("<int:pk>/unblock/", views.Unblock.as_view(), name="unblock"),
    path("<int:pk>/blocks/new/", views.SetBlock.as_view(), name="set_block"),
    path("<int:pk>/blocks/<int:block>/ask/", views.AskToLift.as_view(), name="ask_to_lift"),
    path("<int:pk>/blocks/<int:block>/lift/", views.Lift.as_view(), name="lift"),
    path("<int:pk>/blocks/<int:block>/keep/", views.KeepBlock.as_view(), name="keep_block"),
    path("<int:pk>/users/<int:member>/role/", views.ChangeRole.as_view(), name="change_role"),
    path("<int:pk>/users/<int:member>/off/", views.DeactivateMember.as_view(), name="deactivate"),
    path("<int:pk>/users/<int:member>/on/", views.ReactivateMember.as_view(), name="reactivate"),
    path("join/<str:token>/", views.Join.as_view(), name="join"),
]

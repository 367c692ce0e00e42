"""Addresses of the approval rules."""

from django.urls import path

from workflows.rules.views import editing, effects, groups, sheets, testing, versions

app_name = "rules"
urlpatterns = [
    path("", versions.Versions.as_view(), name="list"),
    path("new/", versions.NewDraft.as_view(), name="new"),
    path("test/", testing.Tester.as_view(), name="test"),
    path("groups/", groups.Groups.as_view(), name="groups"),
    path("groups/new/", groups.EditGroup.as_view(), name="new_group"),
    path("groups/<int:pk>/", groups.EditGroup.as_view(), name="group"),
    path("<int:pk>/", versions.Version.as_view(), name="version"),
    path("<int:pk>/compare/", versions.Compare.as_view(), name="compare"),
    path("<int:pk>/effect/", effects.StartEffect.as_view(), name="effect"),
    path("<int:pk>/effect/<uuid:public_id>/", effects.FoundEffect.as_view(), name="effect_found"),
    path("<int:pk>/frame/", editing.EditFrame.as_view(), name="frame"),
    path("<int:pk>/rules/new/", editing.EditRule.as_view(), name="new_rule"),
    path("<int:pk>/rules/<int:rule>/", editing.EditRule.as_view(), name="edit_rule"),
    path("<int:pk>/rules/<int:rule>/remove/", editing.RemoveRule.as_view(), name="remove_rule"),
    path("<int:pk>/sheet/", sheets.Export.as_view(), name="export"),
    path("<int:pk>/import/", sheets.Import.as_view(), name="import"),
    path("<int:pk>/propose/", versions.Propose.as_view(), name="propose"),
    path("<int:pk>/take-back/", versions.TakeBack.as_view(), name="take_back"),
    path("<int:pk>/activate/", versions.Activate.as_view(), name="activate"),
    path("<int:pk>/discard/", versions.Discard.as_view(), name="discard"),
]

"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from procurement.common import places


class EvaluationConfig(AppConfig):
    name = "procurement.evaluation"
    label = "evaluation"
    verbose_name = _("Evaluation")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make known what this room prints, and name its place in the rail."""
        from procurement.common import jobs
        from procurement.evaluation import documents, export, results
        from procurement.evaluation.permissions import may_see_awards

        documents.register()
        export.register()
        jobs.register(results.KIND, results.work)
        places.register(
            places.Place(
                name="awards",
                label=_("Awards"),
                url_name="evaluation:list",
                icon="scale",
                order=45,
                visible=may_see_awards,
            )
        )

"""What a rule may name, as people type it: companies, departments, categories, projects, groups, procedures."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from procurement.catalog.models import Category
from procurement.organization.models import Company, CostCentre, Department, Project
from procurement.requisitions.lookups import Lookup, LookupField
from procurement.rfqs.models import ProcedurePreset
from workflows.approvals.models import ApproverGroup


class Known:
    """Everything that can be named, each kind read when it is first needed."""

    @cached_property
    def companies(self) -> list[Company]:
        """In use, by code."""
        return list(Company.objects.filter(is_active=True).order_by("code"))

    @cached_property
    def department(self) -> Lookup:
        """Departments with their company, where there are several."""
        return Lookup("department", self._of_companies(Department), label=self._with_company)

    @cached_property
    def project(self) -> Lookup:
        """Projects with their company, where there are several."""
        return Lookup("project", self._of_companies(Project), label=self._with_company)

    @cached_property
    def cost_centre(self) -> Lookup:
        """Cost centres with their company, where there are several."""
        return Lookup("cost-centre", self._of_companies(CostCentre), label=self._with_company)

    @cached_property
    def category(self) -> Lookup:
        """The whole tree."""
        return Lookup("category", Category.objects.filter(is_active=True).order_by("scheme", "code"))

    @cached_property
    def groups(self) -> list[ApproverGroup]:
        """All groups; one that is not in use may still be named by an old rule."""
        return list(ApproverGroup.objects.order_by("-is_active", "name"))

    @cached_property
    def procedures(self) -> dict[str, str]:
        """Names of procedures by code."""
        return procedure_names()

    def _of_companies(self, model: type[Department] | type[Project] | type[CostCentre]) -> QuerySet[Any]:
        rows = model._default_manager.filter(is_active=True).select_related("company")
        return rows.order_by("company__code", "code")

    def _with_company(self, row: Any) -> str:
        return f"{row.label} · {row.company.label}" if len(self.companies) > 1 else str(row.label)


class NamedField(LookupField):
    """A text box with suggestions, which names a row."""

    def __init__(self, lookup: Lookup, **arguments: Any) -> None:
        super().__init__(lookup, **arguments)
        self.widget.attrs.pop("class")  # a box of a form, not a cell


def procedure_names() -> dict[str, str]:
    """Code → name in the reader's language."""
    return {row.code: row.label for row in ProcedurePreset.objects.order_by("pk")}

"""The buying group: companies, departments, cost objects, delivery places, persons and their roles."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from holidays import list_supported_countries

from procurement.common.fields import AmountField, CurrencyField
from procurement.common.languages import in_readers_language
from procurement.organization.trees import refuse_loop


class Named(models.Model):
    """Reference data: a code, a name and its English companion."""

    code = models.CharField(
        _("code"), max_length=24, help_text=_("Short and unique, as accounting or the warehouse knows it.")
    )
    name = models.CharField(
        _("name"),
        max_length=120,
        help_text=_("Read in Chinese, and in English too where there is no English name."),
    )
    name_en = models.CharField(_("English name"), max_length=120, blank=True, default="")
    is_active = models.BooleanField(
        _("in use"),
        default=True,
        help_text=_("Out of use it is no longer offered; documents that name it keep it."),
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language, where there is one."""
        return in_readers_language(self.name, self.name_en)


class Company(Named):
    """A legal entity of the group; it buys in its own name."""

    registration_id = models.CharField(
        _("unified social credit code"),
        max_length=40,
        blank=True,
        default="",
        help_text=_("Abroad the registration number. Contracts name it, with address, phone and bank."),
    )
    address = models.CharField(_("address"), max_length=200, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    bank = models.CharField(_("bank and account"), max_length=200, blank=True, default="")
    currency = CurrencyField(
        _("currency"),
        default="CNY",
        help_text=_("ISO 4217 code, as CNY or EUR. Estimates and limits of approval are in it."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=60,
        default="Asia/Shanghai",
        help_text=_("Deadlines and working days are counted in it."),
    )
    holidays = models.CharField(
        _("public holidays of"),
        max_length=12,
        blank=True,
        default="CN",
        help_text=_("ISO 3166 code of the country, or country-region as US-NJ; empty: weekends only."),
    )

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints = [models.UniqueConstraint(fields=["code"], name="company_code")]

    def clean(self) -> None:
        """Public holidays are those of a country, or region, that is known; so is the time zone."""
        super().clean()
        if self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": _("No such time zone.")})
        country, _dash, region = self.holidays.partition("-")
        known = list_supported_countries()
        if self.holidays and (country not in known or (region and region not in known[country])):
            raise ValidationError({"holidays": _("No public holidays are known for this code.")})


class CalendarDay(models.Model):
    """A day that the company's calendar counts otherwise than the public one: a day off of its own, or a make-up day."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="calendar_days")
    day = models.DateField(_("day"))
    is_working = models.BooleanField(_("worked"), default=False)
    note = models.CharField(_("note"), max_length=80, blank=True, default="")

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ("day",)
        constraints = [models.UniqueConstraint(fields=["company", "day"], name="calendar_day_once")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"


class CompanyPart(Named):
    """Reference data of one company."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="+", verbose_name=_("company"))

    class Meta:
        abstract = True


class Department(CompanyPart):
    """A department; its head answers for its requests."""

    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("department above"),
    )
    head = models.ForeignKey(
        "Person",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="heads",
        verbose_name=_("head"),
        help_text=_("Asked where the rules name the head of the department; may be entered later."),
    )

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="department_code")]

    def clean(self) -> None:
        """The department above is one of the same company, and not below this one."""
        super().clean()
        if self.parent is not None and self.parent.company_id != self.company_id:
            raise ValidationError({"parent": _("This department belongs to another company.")})
        refuse_loop(self)


class CostCentre(CompanyPart):
    """Who bears the cost; its owner is the budget holder."""

    owner = models.ForeignKey(
        "Person",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("budget holder"),
        help_text=_("Asked where the rules name the budget holder of the cost centre; may be entered later."),
    )

    class Meta:
        verbose_name = _("cost centre")
        verbose_name_plural = _("cost centres")
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="cost_centre_code")]


class Project(CompanyPart):
    """A project that lines are bought for; its owner answers for them."""

    owner = models.ForeignKey(
        "Person",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("project owner"),
        help_text=_("Asked where the rules name the owner of the project; may be entered later."),
    )

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="project_code")]


class DeliveryPlace(CompanyPart):
    """Where goods go; an order is made per buying company and delivery place."""

    address = models.CharField(_("address"), max_length=200)
    contact = models.CharField(
        _("contact"),
        max_length=100,
        blank=True,
        default="",
        help_text=_("Name and phone of whoever takes the goods in; orders print it."),
    )

    class Meta:
        verbose_name = _("delivery place")
        verbose_name_plural = _("delivery places")
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="delivery_place_code")]


class Person(models.Model):
    """Somebody of our side: where they work and whom they report to."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="person",
        verbose_name=_("log-in"),
        help_text=_("E-mail and name; the plus sign enters a new one."),
    )
    user_side = models.CharField(max_length=8, default="staff", editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", verbose_name=_("company"))
    department = models.ForeignKey(
        Department, models.PROTECT, related_name="people", verbose_name=_("department")
    )
    manager = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("manager"),
        help_text=_("Whom they report to. Rules that ask managers go up this chain."),
    )
    job_title = models.CharField(_("job title"), max_length=80, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    approval_limit = AmountField(
        _("approves up to"),
        null=True,
        blank=True,
        help_text=_(
            "Net, in the company's currency; a chain of managers ends with whoever's limit covers the amount."
        ),
    )

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            # with the composite key to (user, side): a person is never a supplier's user
            models.CheckConstraint(name="person_is_staff", condition=Q(user_side="staff")),
            models.CheckConstraint(
                name="person_not_own_manager",
                condition=~Q(manager=models.F("id")),
                violation_error_message=_("Nobody reports to themselves."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)

    def clean(self) -> None:
        """The department is one of the person's company, and nobody reports to themselves over others."""
        super().clean()
        if self.department_id and self.department.company_id != self.company_id:
            raise ValidationError({"department": _("This department belongs to another company.")})
        if self.user_id and self.user.is_supplier:
            raise ValidationError({"user": _("This log-in belongs to a supplier.")})
        refuse_loop(self, "manager")


class Role(models.TextChoices):
    """What a person does in procurement; each may be given for one company or for the whole group."""

    REQUESTER = "requester", _("Requester")
    BUDGET_HOLDER = "budget_holder", _("Budget holder")
    OFFICER = "officer", _("Procurement officer")
    CATEGORY_MANAGER = "category_manager", _("Category manager")
    APPROVER = "approver", _("Approver")
    EVALUATOR = "evaluator", _("Technical evaluator")
    OPENER = "opener", _("Opener")
    CONTRACT_MANAGER = "contract_manager", _("Contract manager")
    RECEIVER = "receiver", _("Receiver")
    FINANCE = "finance", _("Finance clerk")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class RoleAssignment(models.Model):
    """A person holds a role; without a company, in the whole group."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="roles", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=20, choices=Role)
    company = models.ForeignKey(
        Company,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("company"),
        help_text=_("Empty: for the whole group."),
    )

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role", "company"],
                name="role_once",
                nulls_distinct=False,
                violation_error_message=_("The person has this role already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.get_role_display()}"

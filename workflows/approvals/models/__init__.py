"""Who must agree to what: versioned rules, the cases they were frozen into, who stands in for whom, and what was said."""

from workflows.approvals.models.cases import (
    ApprovalCase,
    ApprovalStep,
    LineRefusal,
    Reminder,
    StepHandover,
    asked_as_label,
)
from workflows.approvals.models.delegations import Delegation
from workflows.approvals.models.links import OneTimeLink
from workflows.approvals.models.rules import (
    ApprovalRule,
    ApproverGroup,
    DocumentType,
    Flag,
    GroupMember,
    RuleRate,
    RuleSet,
    RuleStage,
)
from workflows.approvals.models.talk import Comment, CommentFile, Mention, Watch

__all__ = [
    "ApprovalCase",
    "ApprovalRule",
    "ApprovalStep",
    "ApproverGroup",
    "Comment",
    "CommentFile",
    "Delegation",
    "DocumentType",
    "Flag",
    "GroupMember",
    "LineRefusal",
    "Mention",
    "OneTimeLink",
    "Reminder",
    "RuleRate",
    "RuleSet",
    "RuleStage",
    "StepHandover",
    "Watch",
    "asked_as_label",
]

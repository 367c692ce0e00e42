"""Pages of the approval rules."""

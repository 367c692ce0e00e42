"""Which stylesheets, scripts and pictures are collected for production."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class CollectedFiles(StaticFilesConfig):
    """Without those of viewflow's own pages, which nobody opens here and which name fonts that it does not bring."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "viewflow"]

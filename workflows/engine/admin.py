"""viewflow's own pages in the administration let processes and tasks be edited by hand; they are taken out."""

from django.contrib import admin
from viewflow.workflow import admin as stock  # noqa: F401  registers them first
from viewflow.workflow.models import Process, Task

for model in (Process, Task):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

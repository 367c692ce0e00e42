"""What lists of open work read: viewflow's own indexes cover neither owner and status together nor flow and status."""

from django.db import migrations

INDEXES = {
    "engine_task_assigned": "viewflow_task (owner_id, created DESC) WHERE status = 'ASSIGNED'",
    "engine_task_queue": "viewflow_task (owner_permission, created DESC) WHERE status = 'NEW' AND flow_task_type = 'HUMAN'",
    "engine_task_finished": "viewflow_task (owner_id, finished DESC) WHERE finished IS NOT NULL AND flow_task_type = 'HUMAN'",
    "engine_process_list": "viewflow_process (flow_class, status, created DESC)",
}


class Migration(migrations.Migration):
    dependencies = [("viewflow", "0015_task_scheduled")]

    operations = [
        migrations.RunSQL(f"CREATE INDEX {name} ON {definition}", f"DROP INDEX {name}")
        for name, definition in INDEXES.items()
    ]

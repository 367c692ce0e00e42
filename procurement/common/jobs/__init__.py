"""Long work that a person starts, may leave and come back to: imports, large exports, batches of letters."""

from procurement.common.jobs.services import Progress as Progress
from procurement.common.jobs.services import Result as Result
from procurement.common.jobs.services import register as register
from procurement.common.jobs.services import retry_all as retry_all
from procurement.common.jobs.services import run as run
from procurement.common.jobs.services import run_waiting as run_waiting
from procurement.common.jobs.services import start as start
from procurement.common.jobs.services import sweep as sweep

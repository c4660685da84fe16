"""The base of every flow: the command, the server, tasks in batches, progress, the end of a run.

Prefect reads its settings when it is imported, so the ones that let a flow run on a slow machine
without a network are set here, before any flow is imported. The user's own settings win.
"""

import logging
import os
import warnings
from urllib.parse import urlsplit

from ae_pipeline.escaping import escape_logs
from ae_pipeline.extras import require

from .credentials import quiet_lines
from .log_lines import limit_lines

_SETTINGS = {
    # An ephemeral server may take a minute to start on a busy machine; the default gives it 20 s.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # Both are needed to start without any look-up on the network.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # The library's loggers go to the run's page, too: a line per epoch and per fragment, if there
    # are not too many of those.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "ae_pipeline",
    # They log outside of runs, too, where there is no page; Prefect would warn about each line.
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}
require("a Prefect flow", "prefect")
for _name, _value in _SETTINGS.items():
    os.environ.setdefault(_name, _value)
try:
    urlsplit(os.environ.get("PREFECT_API_URL", ""))
except ValueError as _error:
    # Prefect's own complaint would be a page long and show the address with any password in it.
    raise SystemExit(f"error: PREFECT_API_URL is not an address: {_error}") from None
# A check before each run reports a home that cannot be written to as an error.
warnings.filterwarnings("ignore", "Failed to create the Prefect home directory")
logging.getLogger("ae_pipeline").setLevel(logging.INFO)
limit_lines()
# Prefect's own loggers, too, write names from data, and addresses with passwords.
for _name in ("prefect", "httpx"):
    escape_logs(_name, quiet_lines)

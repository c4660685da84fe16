"""The verbs as Prefect flows. Only this package knows Prefect.

Prefect reads its settings when it is imported, so the ones that let a flow run on a slow machine
without a network are set here, before any flow module is. What the user has set wins.
"""

import logging
import os

from flows.log_lines import limit_lines

_SETTINGS = {
    # An ephemeral server may take a minute to start on a busy machine; the default gives it 20 s.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # Both are needed for a start without a single look-up on the network.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # The library's loggers go to the run's page, too: a line per epoch and per fragment, if there
    # are not too many of those.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "ae_pipeline",
    # They speak outside of runs, too, where there is no page; Prefect would warn of each line.
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}
for _name, _value in _SETTINGS.items():
    os.environ.setdefault(_name, _value)
logging.getLogger("ae_pipeline").setLevel(logging.INFO)
limit_lines()

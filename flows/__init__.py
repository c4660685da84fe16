"""The verbs as Prefect flows. Only this package knows Prefect.

A checkout has it as `flows`; a wheel installs it as `ae_pipeline_flows`, so that a project may have
`flows` of its own. Imports inside are relative, so both names work.
"""

from . import runtime  # noqa: F401  sets what Prefect reads when it is imported

"""The flows of a checkout under the name that a wheel gives them.

`ae-pipeline run` and the entrypoints in `prefect.yaml` use this one name in both. No wheel holds
this file: there, `flows/` itself is installed as `ae_pipeline_flows`.
"""

from importlib import import_module
from pathlib import Path

#: With a path of submodules, a module is a package.
__path__ = [str(Path(__file__).with_name("flows"))]

import_module(f"{__name__}.runtime")  # as `flows/__init__.py` does

"""The documentation site, built by Sphinx: `make docs`, then open `site/index.html`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

project = "ae-pipeline"
author = "The ae-pipeline authors"
extensions = [
    "docs.site_links",
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["__pycache__"]
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["tables.css"]
html_title = "ae-pipeline"
html_show_sphinx = False
html_show_copyright = False
nb_execution_mode = "off"  # notebooks hold their outputs: docs/executed.py
myst_heading_anchors = 4
autodoc_typehints = "none"
autodoc_preserve_defaults = True
add_module_names = False
default_role = "code"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False}
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
suppress_warnings = ["toc.not_included"]  # decisions are reached by their list

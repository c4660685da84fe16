"""`python -m ae_pipeline`: the same as the installed command."""

from ae_pipeline.cli import main

main()

"""Sources before anything is encoded: measures of their columns, drafts of job files."""

"""Every strategy of hypothesis that generates our values, columns and tables."""

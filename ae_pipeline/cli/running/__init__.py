"""How a command runs: options that every verb has, its job, its log, its progress, its failures."""

"""The table model: every sub-column coded with what is known of its row, exactly."""

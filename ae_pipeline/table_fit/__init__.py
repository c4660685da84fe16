"""Learn a table model: order, predictions, guesses and contexts, chosen by the bytes they save."""

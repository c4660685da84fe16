"""One column of a block, or one lane of vectors: its streams and their entry."""

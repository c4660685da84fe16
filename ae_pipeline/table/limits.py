"""Sizes of a table model that writers keep to and readers hold them to."""

#: Sub-columns that rows are sorted by.
MOST_KEYS = 4
MOST_GUESSES = 16
#: Terms of a prediction or of a guess.
MOST_TERMS = 64
MOST_BINS = 1 << 13
#: Signals that one tree asks for.
MOST_SIGNALS = 1 << 8
#: Questions on the way to a leaf, and leaves of a tree.
MOST_DEPTH, MOST_LEAVES = 64, 1 << 12
MOST_SHIFT = 62
#: Sub-columns of a table.
MOST_SUBCOLUMNS = 1 << 16
#: Signals of all trees of a table, numbers of one kind that are read one by one, numbers in all.
MOST_TABLE_SIGNALS, MOST_SINGLES, MOST_NUMBERS = 1 << 17, 1 << 20, 1 << 24

"""The processes of a benchmark: how they start, what holds them, what they take; and its own servers."""

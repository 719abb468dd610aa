"""The search beside others' over the same people: who is compared, by which terms, in which turn."""

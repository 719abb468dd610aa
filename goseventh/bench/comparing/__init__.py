"""Two runs side by side: which figures belong together, what differs by more than noise, what is doubtful."""

"""The tournament: requests that leave at their moment, answered or not, and a verdict on what came back."""

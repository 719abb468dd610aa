"""Load for a running server: people, arrival times, virtual users, and a verdict on what came back."""

"""Load in a closed loop: users who each ask for the next thing as soon as the last was answered."""

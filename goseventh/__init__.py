"""GoSeventh: an HTTP registry of people whose 201 means on disk."""

__version__ = "0.1.0"

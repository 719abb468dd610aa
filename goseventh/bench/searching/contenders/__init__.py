"""What the search benchmark measures side by side: one module of one shape each, and one table of them."""

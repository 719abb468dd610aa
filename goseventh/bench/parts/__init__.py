"""The parts of `goseventh bench all`: one module each, all of one shape, and one table of them."""

"""The write strategies: one module each, of one shape, and the one table of what they promise.

Every module has `open_writer(environment, options) -> Writer`.
"""

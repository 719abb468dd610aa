"""What a run measured, shown: groups of figures become tables and charts, and those a page and Markdown."""

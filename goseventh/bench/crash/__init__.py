"""Crashes: servers killed under load, disks as power cuts may leave them, and who is still there."""

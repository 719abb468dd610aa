"""What is written to the disk, for estimates: disks wear."""

COMMIT_BYTES = 8 * 4096
"""Leaf and branch pages of the trees for people, nicknames, terms and meta, and LMDB's own meta page: what a
commit of one person alone touches in a store of some ten thousands."""

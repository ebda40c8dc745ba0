"""Readers of segment lists, one file each."""

"""Decisions as functions from values to values: no clock, no files, no loop."""

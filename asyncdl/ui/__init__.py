"""Screens; they only read values."""

"""Engines that bring the bytes of a segment, one module or package each."""

"""The program under faults; ``support.invariants`` is the oracle of all these tests."""

from support.open_bench import bench, open_bench

__all__ = ["bench", "open_bench"]

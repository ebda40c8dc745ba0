"""The whole program against the embedded site."""

from support.open_bench import bench, open_bench

__all__ = ["bench", "open_bench"]

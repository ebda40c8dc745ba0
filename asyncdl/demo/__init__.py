"""An embedded stand-in for YouTube on loopback: serves the demo, the tests and the benchmarks."""

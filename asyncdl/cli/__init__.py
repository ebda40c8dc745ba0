"""The command line: parses, prints, chooses the exit code."""

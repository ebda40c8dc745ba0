"""Does what the core decided: children, files, the journal, the schedule."""

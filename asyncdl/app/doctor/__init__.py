"""Looks at everything that a run stands on, changes nothing, and says how to mend what is wrong."""

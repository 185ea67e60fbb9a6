"""Numbers to look at: readers who come and go, and the newsroom's work."""

"""A real worker is killed with SIGKILL at every step; what its sinks took is counted against the ledger."""

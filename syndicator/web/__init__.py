"""The pages that readers and watchdogs reach over HTTP."""

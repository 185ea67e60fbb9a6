"""The one guarded way out over HTTP."""

"""The console: what editors see and do in a browser."""

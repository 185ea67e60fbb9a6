"""The verbs. Every face is a door to these."""

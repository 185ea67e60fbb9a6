"""Say in a few words what an article says, and nothing more."""

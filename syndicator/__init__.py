"""Takes every story a newsroom publishes to every reader it has, on every channel, once."""

"""Text as the newsroom and the networks see it: pure functions over strings."""

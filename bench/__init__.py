"""How fast the house is, always beside something else that was measured in the same minutes."""

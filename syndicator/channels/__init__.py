"""The doors: what each network is told, and what its answers mean."""

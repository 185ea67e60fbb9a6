"""One module a load; each has ``run(size)`` and gives its pairs."""

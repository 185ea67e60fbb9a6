"""What wakes the jobs."""

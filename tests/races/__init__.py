"""Many at once, and one at every moment dead."""

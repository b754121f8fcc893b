"""Real processes, killed at random moments, and a verdict on what the record says afterwards: ``make chaos``."""

"""Orders: a person makes some, and shipping one sends a notice to the person's phone."""

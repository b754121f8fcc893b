"""Whether everything that sending needs is alive: signs of life, checks for a monitoring program, and metrics."""

"""What we claim about speed, runnable: ``make bench``. Each figure is a ratio to a bare loop of the same run."""

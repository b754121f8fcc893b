"""Personal data (PIPL): retention, erasure, audit log."""

"""What the caller's process does: read what is to be sent, check it, record it, and hand it to the workers."""

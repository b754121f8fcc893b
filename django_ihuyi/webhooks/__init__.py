"""What goes out to other systems: how an event is signed, where it may go to, and the one call that posts it."""

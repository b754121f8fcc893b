"""What goes out to other systems: how an event is signed, where it may go to, the one call that posts it.

Over these, which know no model, stand what an event says, its task and its tries.
"""

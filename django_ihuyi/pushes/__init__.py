"""From a push to a status: the token, reading what came, keeping it, telling the message."""

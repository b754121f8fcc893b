"""What a worker does: claim a message, call the gateway, settle the answer; pauses, rates and what waits."""

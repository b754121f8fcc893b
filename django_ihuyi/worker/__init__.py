"""Worker's process: claim, submit and settle messages; pauses, rate limits, backlog."""

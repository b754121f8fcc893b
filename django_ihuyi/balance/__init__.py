"""What the accounts have left: asked for, kept, watched, and held against what was sent."""

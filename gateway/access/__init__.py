"""Who may connect, as whom, to what, and how much of it: every rule can only narrow what the one before it allows."""

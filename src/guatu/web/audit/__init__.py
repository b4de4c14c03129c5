"""The audit: who changed what, when, from where, from what to what, and why."""

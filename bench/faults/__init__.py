"""`make bench-faults`: two hundred kills and pauses, every other trouble, and the account after."""

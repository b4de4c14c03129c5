"""Checking a vendor's messages against the access specification; plain Python, no server."""

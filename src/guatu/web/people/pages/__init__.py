"""Pages of people and organisations; signing in and one's own account are in people/views.py."""

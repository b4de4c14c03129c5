"""The shell keeps nothing: it is the frame around the rooms."""

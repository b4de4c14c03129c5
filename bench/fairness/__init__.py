"""What a flood from one plant does to its neighbours."""

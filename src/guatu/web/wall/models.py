"""The wall keeps nothing: it shows what others keep."""

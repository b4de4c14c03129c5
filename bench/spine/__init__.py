"""The path of a sample, from a plant's beat to a stored row and an alarm, beside Prometheus."""

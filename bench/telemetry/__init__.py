"""The whole telemetry core at work: speed, sizes and charts, beside its peers."""

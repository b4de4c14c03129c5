"""Plants, their points and limits, and the alarms that the engine judged on them."""

"""Notices: what happened reaches whom it concerns, in the house, by e-mail and through gateways."""

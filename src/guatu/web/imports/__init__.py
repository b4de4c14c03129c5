"""Excel in: one way for all tables that people bring, tried before anything is written."""

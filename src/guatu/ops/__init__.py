"""Where the parts are joined, started, watched and told what to do from the command line."""

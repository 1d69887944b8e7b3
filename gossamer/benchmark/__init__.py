"""Where the time of an inference goes, on this machine."""

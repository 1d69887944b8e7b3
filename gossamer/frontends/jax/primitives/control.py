"""Rules of control flow."""

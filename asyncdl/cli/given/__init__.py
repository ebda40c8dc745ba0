"""What is given besides flags: a settings file and variables."""

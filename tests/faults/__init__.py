"""Breaking the system on purpose, and what must hold afterwards."""

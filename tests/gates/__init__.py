"""What must hold for every operation, event and signal, of today and of tomorrow."""

"""What a client loads at the start: one moment of everything that it keeps."""

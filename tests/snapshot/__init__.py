"""What a client starts from, on both stores."""

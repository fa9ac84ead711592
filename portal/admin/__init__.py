"""What admins watch: who is connected, and what was done."""

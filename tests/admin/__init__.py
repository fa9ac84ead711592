"""What admins watch: connections, ended sessions, and the record of what they did."""

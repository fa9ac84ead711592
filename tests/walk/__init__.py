"""Two portals with everybody in them, and a valid request for every operation."""

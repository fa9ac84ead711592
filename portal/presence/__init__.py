"""Who is here, and who is typing: signals that are not kept."""

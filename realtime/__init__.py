"""The live side: bus, gateway, presence, sessions and delivery."""

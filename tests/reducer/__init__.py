"""The web client's own reducer, run by Node: snapshot plus events equals the later snapshot."""

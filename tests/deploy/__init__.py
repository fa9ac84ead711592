"""The files of `deploy/` in use: real balancers, real nodes, TLS."""

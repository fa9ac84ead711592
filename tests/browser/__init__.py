"""Real browsers on real nodes: what people see and do."""

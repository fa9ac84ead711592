"""The truth: schema, queries, shards, the log, migrations and blobs. Knows no rules."""

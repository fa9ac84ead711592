"""Runs the shard's migrations on the connection that `storage.migrate` hands over."""

from alembic import context

from storage.schema import shard

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=shard,
    version_table="migrations_shard",
)
with context.begin_transaction():
    context.run_migrations()

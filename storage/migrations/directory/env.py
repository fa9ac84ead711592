"""Runs the directory's migrations on the connection that `storage.migrate` hands over."""

from alembic import context

from storage.schema import directory

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=directory,
    version_table="migrations_directory",
)
with context.begin_transaction():
    context.run_migrations()

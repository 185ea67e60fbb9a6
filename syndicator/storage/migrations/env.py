"""Alembic runs this with the connection that the database gave it."""

from __future__ import annotations

from alembic import context

from syndicator.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()

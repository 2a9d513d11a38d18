"""A workspace in PostgreSQL: the same digested blocks as in a folder, as rows of a schema."""

from layers.workspace.postgres.store import PostgresStore

__all__ = ["PostgresStore"]

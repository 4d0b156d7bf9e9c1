"""The schema's history: Alembic's revisions, run by `migrate`. No alembic.ini: the package is all it needs."""

"""The store on SQLite and PostgreSQL: SQLAlchemy Core as the language, the database's own driver as the engine.

`store.open_store` is the way in. Nothing here decides anything; what may be written and when is the doors' business.
"""

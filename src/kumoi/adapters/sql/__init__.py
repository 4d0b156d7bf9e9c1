"""The store on SQLite and PostgreSQL: schema, migrations, one file for each noun."""

"""What the doors and loops ask of the database, one file for each noun."""

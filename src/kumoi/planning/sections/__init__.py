"""What a plan section says: rows of truth in, plan entries out, one file for each noun."""

"""Nova 2.1; `tongue` has it whole."""

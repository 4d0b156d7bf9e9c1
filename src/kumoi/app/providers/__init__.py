"""Doors of resource providers: what hosts and clients offer, who holds of it, and the words for it. For operators."""

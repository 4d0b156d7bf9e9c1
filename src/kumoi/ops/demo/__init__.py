"""The demonstration: a first guest from nothing, by the public API alone, step by step."""

"""From rows to plan entries: one file a noun, each a pure function from a snapshot of rows to a spec or to absence."""

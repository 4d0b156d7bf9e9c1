"""The sentences of `api.edge.text`, one module a language, all with the same keys. Data only."""

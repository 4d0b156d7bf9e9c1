"""Where backups are kept: in chunks, as objects of a folder or of an object store."""

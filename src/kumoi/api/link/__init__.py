"""Control's end of the link: greeting, fetch by long-poll, report, read, stream. Served to agents, never to the
public."""

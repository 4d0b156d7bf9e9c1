"""What agents talk to: fetch, report, read, stream."""

"""The command line: one thin file for each command, and the wiring of the processes."""

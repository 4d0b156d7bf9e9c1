"""The nouns: frozen values, their rules and status functions. No I/O, no clock, no randomness.

Everything here is a value or a pure function of values. Times are float seconds since the epoch (UTC) and
come in as arguments; ids come in as arguments. What talks to the world lives in the rooms above.
"""

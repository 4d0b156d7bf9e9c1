"""Protocols of two to six verbs between the rooms; tests/contract holds a suite for each."""

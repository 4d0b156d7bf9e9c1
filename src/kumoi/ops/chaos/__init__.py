"""Chaos: a cloud under load whose processes are killed, and an audit of what is left once it is quiet again.

A round is drawn from the seed and its number: who asks for what in which order, what is killed and when. What the cloud
answers in between depends on the machine, so a round's questions are the same every time, and its answers are not.
"""

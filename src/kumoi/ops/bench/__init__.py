"""The promises, measured: throw-away clouds are brought up, asked from outside as any client would, and put away.

CPU time of the cloud's processes is the figure to trust on a machine that does other things too; wall clock is not.
"""

"""The loops that write: re-placement, plan sections, purge. They decide nothing themselves:
planning does.
"""

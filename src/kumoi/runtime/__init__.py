"""What every process needs: the loop, worker pools, logging, metrics, settings.

Nothing here knows a noun of the cloud.
"""

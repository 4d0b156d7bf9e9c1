"""The OpenStack tongue: one folder for each service, one file for each resource."""

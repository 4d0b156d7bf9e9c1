"""The OpenStack tongue: one folder a service, one file a resource: routes, parse, one door, render. No rule of the
cloud."""

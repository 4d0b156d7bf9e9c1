"""What all tongues share: the ASGI application, router, request ids, limits, sessions, streams."""

"""What all tongues share: the ASGI application, router, request ids, limits, errors, waits and streams. No dialect.

How to write a tongue
---------------------
Declare operations as data, one file a resource, and mount them:

    def show(request: Request) -> Response:
        server = read_instance(request.call(), InstanceId(request.params["id"]))   # one door
        return json_response({"server": render(server)})

    ROUTES = [
        Route("GET", "/servers/{id}", show, action="instances.read", service="compute"),
        Route("POST", "/servers/{id}/action", reboot, action="instances.power", service="compute",
              body_key="reboot", body_type=RebootBody, success=202),
    ]
    compute = Tongue(name="compute", prefix="/compute/v2.1", routes=ROUTES,
                     authenticate=token_actor, render_error=render_error, version=microversion)

    app = Edge([compute, …], now=clock.now, new_id=chance.uuid)

A handler is a plain function; it runs in a thread of a bounded pool (read, write, link, hash), so it may block. Doors
that it needs are bound where the routes are made (`partial(show, doors)` or a function that returns the list).

Read        `request.params`, `request.query` (pairs in order) and `request.arg(name)`, `request.header(name)`;
            `request.json(SomeStruct)` decodes and checks the body.
Call        `request.call()` is the first argument of every door: who, request id, now, language.
Raise       `core.errors` only. The tongue's `render_error(request, error)` gives every error its shape: take the
            status from `errors.status_of(error, own)` and the sentence from `text.say(error, request.locale)`. An
            exception of any other type is logged and arrives there as `errors.Internal`.
Render      `json_response(value, status, headers)`, `no_content()`, or `Response(status, body, content_type, headers)`.
Choose      routes of one method and path differ by `body_key` or by microversion range; the edge picks one.
Wait        `wait=True`: the handler is a coroutine function on the event loop, admitted (version, caller) before it
            starts and cancelled when the caller hangs up. It calls doors by `await request.run_in("read", fn)` and
            sleeps by `Edge.waiters`: take a ticket, look, then wait.
Stream      up: `streamed=True` and `request.chunks()`, with `streams.pump`; down: `Response(stream=…, length=…)`, with
            `streams.pieces`.
Talk        `Route("WEBSOCKET", …, wait=True)`: a coroutine function that returns when all is said. `request.socket` is
            accepted first, in a subprotocol; then `receive` until None, and `send`, which waits for room. A refusal
            before it is accepted is an answer of HTTP, one after it ends it with 4000 + status and the sentence. Pages
            of other sites are refused. Log and metrics know it by its path; tokens in queries are told nowhere.

A GET route serves HEAD too. An unknown path is `errors.NoRoute`, a known path by the wrong method
`errors.MethodNotAllowed`, both rendered by the tongue under whose prefix the path lies.
"""

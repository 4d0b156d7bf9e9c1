"""What every page is handed: the doors' house, the screens, where the cloud is; and the answers that pages have in
common. No noun is known here."""

from typing import Any

import msgspec

from kumoi.api.edge.errors import status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.web.refusals import note
from kumoi.api.web.screens import Screens, set_note
from kumoi.api.web.wording import sentence
from kumoi.app.house import House
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.policy import allow


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """`public_url` empty: as the browser reached us."""

    public_url: str
    region: str

    def url(self, request: Request) -> str:
        return self.public_url.rstrip("/") or request.base_url


class Front(msgspec.Struct, frozen=True, kw_only=True):
    """`say` is the page's own words in the language of the request."""

    house: House
    screens: Screens
    site: Site

    def page(self, request: Request, template: str, **values: Any) -> Response:
        return self.screens.page(request, template, values)

    def part(self, request: Request, template: str, block: str, **values: Any) -> Response:
        return self.screens.part(request, template, block, values)

    def ask(self, request: Request, needs: str, template: str, block: str, /, **values: Any) -> Response:
        """A form, for who may do what it is for: nobody fills in what is refused afterwards. Forbidden."""
        allow(request.call(), needs)
        return self.screens.part(request, template, block, values)

    def again(self, request: Request, template: str, block: str, error: KumoiError, **values: Any) -> Response:
        """A form that comes back, with what was wrong (`errors` of `refusals.at_fields` among the values)."""
        return self.screens.part(request, template, block, values, status=self.status(error))

    def say(self, request: Request, key: str, /, **facts: Any) -> str:
        return self.screens.words.say(request.locale, key, **facts)

    def caller(self, request: Request, action: str) -> Call:
        """The call, for a form that leads to this action: who may not do it is not shown the form. Raises Forbidden."""
        call = request.call()
        allow(call, action)
        return call

    def status(self, error: KumoiError) -> int:
        return status_of(error, {Invalid: 422})

    def refusal(self, request: Request, error: KumoiError) -> str:
        """The sentence of a refusal, for where it is told among other things."""
        return sentence(error, request.locale)

    def done(self, request: Request, path: str, text: str, *, stay: bool = False) -> Response:
        """After a change. `stay`: where the browser is, the page renews itself; else to `path`."""
        if request.header("hx-request") == "true" and stay:
            return Response(204, headers=(note(text, closeDialog=True),))
        if request.header("hx-request") == "true":
            return Response(200, headers=(("hx-redirect", path), set_note(request, text)))
        return Response(303, headers=(("location", path), set_note(request, text)))

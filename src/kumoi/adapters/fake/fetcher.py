"""The fetcher contract over a web of a few pages. `inner.example` is where only the cloud itself may look."""

from collections.abc import Iterator

from kumoi.core.errors import Invalid, Unavailable


class FakeFetcher:
    """`pages`: the bytes at each URL. A URL without a page is one where nobody answers."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}

    def check(self, url: str) -> None:
        if not url.startswith(("http://", "https://")) or "//inner.example" in url:
            raise Invalid("image", field="uri", reason="not_fetched", value=url)

    def fetch(self, url: str) -> Iterator[bytes]:
        self.check(url)
        if url not in self.pages:
            raise Unavailable("image", what="url", reason="url", url=url, retry_after_s=60)
        yield self.pages[url]

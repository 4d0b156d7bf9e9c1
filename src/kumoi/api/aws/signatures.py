"""The one question that a tongue asks of signatures: who signed this request? In whatever way it was signed."""

from kumoi.api.aws import sigv2, sigv4
from kumoi.api.aws.signing import SecretOf, Sent, Signed, Terms, untrusted
from kumoi.api.edge.request import Request


def who_signed(request: Request, fields: list[tuple[str, str]], terms: Terms, secret_of: SecretOf) -> Signed:
    """The signature that holds; `fields` are the query's and the form's. Raises Unauthenticated."""
    sent = Sent(
        method=request.method,
        raw_path=request.raw_path,
        raw_query=request.raw_query,
        headers=request.headers,
        body=request.body,
    )
    signed = sigv4.verify(sent, terms, secret_of) or sigv2.verify(sent, fields, terms.now, secret_of)
    if signed is None:
        raise untrusted("no_credentials")
    return signed

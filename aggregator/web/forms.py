"""Reading what a form sent; small, and refused when it is not."""

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

_MAX_BYTES = 16_384
_MAX_FIELDS = 20


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form as browsers send it; of a repeated field the last.

    Raises:
        HTTPException: 413 when it is too long, 415 when it is no such form, 400 when it cannot be read.
    """
    if (
        request.headers.get("content-type", "").partition(";")[0].strip()
        != "application/x-www-form-urlencoded"
    ):
        raise HTTPException(415, "a form is sent as application/x-www-form-urlencoded")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise HTTPException(413, f"a form is not longer than {_MAX_BYTES} bytes")
    try:
        return dict(
            parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
            )
        )
    except ValueError as error:
        raise HTTPException(400, f"the form cannot be read: {error}") from error

"""An example of a program that works with the API: it signs for what waits for its owner.

    pip install httpx
    GUATU_URL=https://guatu.example GUATU_TOKEN=guatu_… python client.py

The token needs `warnings.read` and `warnings.write`. A test of the house runs this file.
"""

import os
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

TRIES = 5


def connect() -> httpx.Client:
    """Open a connection that shows the token with every request."""
    return httpx.Client(
        base_url=f"{os.environ['GUATU_URL']}/api/v1",
        headers={"Authorization": f"Bearer {os.environ['GUATU_TOKEN']}", "Accept-Language": "zh"},
        timeout=20,
    )


def every(client: httpx.Client, path: str, **filters: str | bool) -> Iterator[dict[str, Any]]:
    """Give everything of a list, page by page."""
    after: dict[str, int] = {}
    while True:
        answer = client.get(path, params={**filters, **after, "limit": 200})
        answer.raise_for_status()
        page = answer.json()
        yield from page["items"]
        if page["next"] is None:
            return
        after = {"after": page["next"]}


def change(client: httpx.Client, path: str, body: dict[str, Any]) -> httpx.Response:
    """Do a change once, however often it must be sent: its key stays the same."""
    key = str(uuid.uuid4())
    for attempt in range(TRIES):
        try:
            answer = client.post(path, json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            if attempt == TRIES - 1:
                raise
        else:
            if answer.status_code < 500 or attempt == TRIES - 1:
                return answer
        time.sleep(2**attempt)
    raise AssertionError("the last attempt returns or raises")


def main() -> None:
    """Acknowledge what is mine and waits for it."""
    with connect() as client:
        for warning in every(client, "/warnings", state="raised", mine=True):
            if "acknowledge" not in warning["verbs"]:
                continue
            # `seen` says on what the decision rests: whoever was quicker makes it void.
            body = {"seen": warning["standing"], "note": "值班系统已收到"}
            answer = change(client, f"/warnings/{warning['id']}/acknowledge", body)
            told = "已签收" if answer.is_success else answer.json()["detail"]
            print(f"{warning['number']} {warning['title']}: {told}")


if __name__ == "__main__":
    main()

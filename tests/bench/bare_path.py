"""Bare Bolt and bare httpx together: the whole path, one signed GET and then blocks, with nothing around it."""

import asyncio
from typing import Any

from tests.bench.bare_bolt import serve
from tests.bench.bare_httpx import Getter


async def main() -> None:
    """Answer `/counters` with the counter that the Reporting API tells."""
    getter = Getter()

    async def fetch(text: str) -> dict[str, Any]:
        value = (await getter.get(f"/counters/{text}"))["value"]
        shown = f"*{text}*: *{value:,}*"
        block = {"type": "section", "text": {"type": "mrkdwn", "text": shown}}
        return {"response_type": "ephemeral", "text": shown, "blocks": [block]}

    await serve(fetch)


if __name__ == "__main__":
    asyncio.run(main())

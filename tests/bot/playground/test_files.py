"""Uploads in their three steps through the real SDK, what each can be refused for, and the time Slack takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.playground.deliveries import Timing
from bot.playground.journal import Kind
from bot.playground.manifest import parse_manifest
from bot.playground.server import PlaygroundServer
from tests.bot.playground.conftest import SettableClock, acking, read_manifest, refused
from tests.bot.playground.screen_samples import MANIFEST, Json, modal, section

VOICE_OPS, NO_BOT = "C0VOICEOPS", "C0RANDOMNB"
PICTURE = b"\x89PNG\r\n\x1a\n and so on"
Call = Callable[[AsyncWebClient, str], Awaitable[Any]]


@pytest.fixture
async def server(clock: SettableClock) -> AsyncIterator[PlaygroundServer]:
    timing = Timing(file_ready_s=0.05)
    async with PlaygroundServer(parse_manifest(MANIFEST), clock=clock, timing=timing) as server:
        yield server
    server.assert_no_violations()


async def uploaded(client: AsyncWebClient, name: str = "chart.png", content: bytes = PICTURE) -> str:
    """The id of a file whose bytes have come."""
    promise = await client.files_getUploadURLExternal(filename=name, length=len(content))
    async with aiohttp.ClientSession() as session, session.post(promise["upload_url"], data=content) as answer:
        assert (answer.status, await answer.text()) == (200, f"OK - {len(content)}")
    file_id: str = promise["file_id"]
    return file_id


async def ready(server: PlaygroundServer, file_id: str) -> None:
    """Wait until Slack is done with a file."""
    while not (file := server.workspace.files.get(file_id)) or not file.is_ready:
        await server.journal.beyond(server.journal.last_seq)


def shown(file_id: str) -> Json:
    return {"type": "image", "alt_text": "calls a day", "slack_file": {"id": file_id}}


async def test_a_file_comes_into_the_thread_when_slack_is_done_with_it(
    server: PlaygroundServer, client: AsyncWebClient
) -> None:
    ana, ben = server.person("ana"), server.person("ben")
    parent = await ana.writes("how did it go?", channel="#voice-ops")
    answer = await client.files_upload_v2(
        filename="chart.png",
        content=PICTURE,
        title="Calls of abc123",
        alt_txt="calls a day",
        channel=VOICE_OPS,
        thread_ts=parent.ts,
        initial_comment="Here is the chart",
    )
    assert answer["file"]["mimetype"] == ""
    assert ben.unread() == []
    seen = await ben.reads(channel="#voice-ops", thread=parent.ts)
    (file,) = seen.files
    assert (seen.text, seen.thread_ts) == ("Here is the chart", parent.ts)
    assert (file.name, file.title, file.mimetype) == ("chart.png", "Calls of abc123", "image/png")
    assert (file.alt_text, file.content) == ("calls a day", PICTURE)


async def test_files_info_tells_when_a_file_is_ready_and_where_it_is(
    server: PlaygroundServer, client: AsyncWebClient
) -> None:
    file_id = await uploaded(client)
    await refused(server, client.files_info(file=file_id), "file_not_found")
    await client.files_completeUploadExternal(files=[{"id": file_id}], channel_id=VOICE_OPS)
    early = (await client.files_info(file=file_id))["file"]
    assert (early["mimetype"], early["shares"], early["title"]) == ("", {}, "chart.png")
    seen = await server.person("ana").reads(channel="#voice-ops")
    late = (await client.files_info(file=file_id))["file"]
    assert (late["mimetype"], late["filetype"], late["size"]) == ("image/png", "png", len(PICTURE))
    assert late["shares"]["public"][VOICE_OPS][0]["ts"] == seen.ts
    assert (late["channels"], late["is_public"]) == ([VOICE_OPS], True)


async def test_history_and_events_show_the_file(server: PlaygroundServer, client: AsyncWebClient) -> None:
    async with acking(server):
        file_id = await uploaded(client, "calls.csv", b"a,b\n")
        channel = server.workspace.direct(server.workspace.person("ana")).id
        await client.files_completeUploadExternal(files=[{"id": file_id}], channel_id=channel)
        await server.person("ana").reads()
        last = server.events.last
        assert last is not None
        await last.ended()
        event = last.payload["event"]
    assert (event["subtype"], event["files"][0]["id"], event["files"][0]["filetype"]) == ("file_share", file_id, "csv")


async def test_an_image_block_takes_a_file_only_when_it_is_ready(
    server: PlaygroundServer, client: AsyncWebClient
) -> None:
    ana = server.person("ana")
    file_id = await uploaded(client)
    await client.files_completeUploadExternal(files=[{"id": file_id}])
    call = client.chat_postMessage(channel=VOICE_OPS, text="chart", blocks=[section(), shown(file_id)])
    answer = await refused(server, call, "invalid_blocks")
    assert answer["response_metadata"]["messages"] == ["[ERROR] invalid slack file [json-pointer:/blocks/1/slack_file]"]
    await ready(server, file_id)
    await client.chat_postMessage(channel=VOICE_OPS, text="chart", blocks=[shown(file_id)])
    (image,) = (await ana.reads()).images
    assert (image.alt_text, image.file and image.file.content) == ("calls a day", PICTURE)
    url = (await client.files_info(file=file_id))["file"]["url_private"]
    by_url = {"type": "image", "alt_text": "calls a day", "slack_file": {"url": url}}
    await client.chat_postMessage(channel=VOICE_OPS, text="chart", blocks=[section(accessory=by_url)])
    assert (await ana.reads()).images[0].file is not None


async def test_what_is_no_picture_is_not_shown_as_one(server: PlaygroundServer, client: AsyncWebClient) -> None:
    ana = server.person("ana")
    file_id = await uploaded(client, "calls.csv")
    await client.files_completeUploadExternal(files=[{"id": file_id}])
    await ready(server, file_id)
    call = client.chat_postMessage(channel=VOICE_OPS, text="chart", blocks=[shown(file_id)])
    await refused(server, call, "invalid_blocks")
    given = server.responses.give_trigger(ana.who)
    await refused(server, client.views_open(trigger_id=given, view=modal(shown(file_id))), "invalid_arguments")
    url = server.responses.give_url("app", server.workspace.channel("#voice-ops"), ana.who).address
    answer = await AsyncWebhookClient(url).send(blocks=[shown(file_id)])
    assert answer.status_code == 400
    server.journal.take_violations("invalid_blocks")


async def test_the_bot_reads_a_file_with_its_token_and_nobody_else(
    server: PlaygroundServer, client: AsyncWebClient
) -> None:
    file_id = await uploaded(client)
    await client.files_completeUploadExternal(files=[{"id": file_id}])
    await ready(server, file_id)
    url = (await client.files_info(file=file_id))["file"]["url_private"]
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Authorization": f"Bearer {server.bot_token}"}) as answer:
            assert (await answer.read(), answer.content_type) == (PICTURE, "image/png")
        async with session.get(url) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        other = f"{server.url}files-pri/T0PLAYGRND-F1/x.png"
        async with session.get(other, headers={"Authorization": f"Bearer {server.bot_token}"}) as answer:
            assert answer.status == 404
    server.journal.take_violations("file_not_readable")


async def test_the_bytes_may_come_as_a_form(server: PlaygroundServer, client: AsyncWebClient) -> None:
    promise = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    form = aiohttp.FormData()
    form.add_field("filename", b"abc", filename="a.txt")
    async with aiohttp.ClientSession() as session, session.post(promise["upload_url"], data=form) as answer:
        assert await answer.text() == "OK - 3"
    file = server.workspace.files.get(promise["file_id"])
    assert file is not None
    assert file.content == b"abc"


async def test_exactly_the_promised_length_once(server: PlaygroundServer, client: AsyncWebClient) -> None:
    promise = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    async with aiohttp.ClientSession() as session:
        for content, status in ((b"ab", 400), (b"abcd", 400), (b"abc", 200), (b"abc", 404)):
            async with session.post(promise["upload_url"], data=content) as answer:
                assert answer.status == status
    rules = [each.rule for each in server.journal.take_violations()]
    assert rules == ["upload_length_mismatch", "upload_length_mismatch", "upload_url_invalid"]


def completing(**args: Any) -> Call:
    """A call that ends the upload of a file with these arguments."""

    async def call(client: AsyncWebClient, file_id: str) -> Any:
        return await client.files_completeUploadExternal(**{"files": [{"id": file_id}], **args})

    return call


WRONG: dict[str, tuple[Call, str]] = {
    "not a member": (completing(channel_id=NO_BOT), "not_in_channel"),
    "a private channel": (completing(channel_id="C0PRIVNOBT"), "channel_not_found"),
    "archived": (completing(channel_id="C0ARCHIVED"), "is_archived"),
    "by name": (completing(channel_id="#voice-ops"), "channel_not_found"),
    "a thread of nowhere": (completing(thread_ts="1.2"), "invalid_arguments"),
    "a thread of two channels": (completing(channels=[VOICE_OPS, "C0SUPPORT1"], thread_ts="1.2"), "invalid_arguments"),
    "both ways to name channels": (completing(channels=[VOICE_OPS], channel_id=VOICE_OPS), "invalid_arguments"),
    "no such thread": (completing(channel_id=VOICE_OPS, thread_ts="1700000000.000001"), "thread_not_found"),
    "no such file": (completing(files=[{"id": "F1"}]), "file_not_found"),
    "no file": (completing(files=[]), "invalid_arguments"),
    "an unknown field": (completing(files=[{"id": "F1", "alt": "x"}]), "invalid_arguments"),
    "blocks that are none": (completing(channel_id=VOICE_OPS, blocks='[{"type": "x"}]'), "invalid_blocks"),
    "a markdown block": (
        completing(channel_id=VOICE_OPS, blocks='[{"type": "markdown", "text": "x"}]'),
        "internal_error",
    ),
    "no name": (lambda client, _: client.files_getUploadURLExternal(filename="", length=1), "invalid_arguments"),
    "no length": (lambda client, _: client.files_getUploadURLExternal(filename="a", length=0), "invalid_arguments"),
    "a long alternative text": (
        lambda client, _: client.files_getUploadURLExternal(filename="a", length=1, alt_txt="x" * 1001),
        "alt_txt_too_large",
    ),
    "the old way": (lambda client, _: client.api_call("files.upload", data={"content": "x"}), "unknown_method"),
}


@pytest.mark.parametrize(("call", "code"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_step_is_refused(server: PlaygroundServer, client: AsyncWebClient, call: Call, code: str) -> None:
    await refused(server, call(client, await uploaded(client)), code)


async def test_an_upload_is_completed_once_and_not_before_its_bytes(
    server: PlaygroundServer, client: AsyncWebClient
) -> None:
    promise = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    await refused(server, completing()(client, promise["file_id"]), "file_not_found")
    file_id = await uploaded(client)
    await completing()(client, file_id)
    await refused(server, completing()(client, file_id), "file_update_failed")


async def test_a_reply_has_no_thread_of_its_own(server: PlaygroundServer, client: AsyncWebClient) -> None:
    ana = server.person("ana")
    parent = await ana.writes("parent", channel="#voice-ops")
    reply = await ana.writes("reply", channel="#voice-ops", thread=parent.ts)
    call = completing(channel_id=VOICE_OPS, thread_ts=reply.ts)
    await refused(server, call(client, await uploaded(client)), "cannot_reply_to_message")


async def test_blocks_beside_a_comment_are_ignored_and_said(server: PlaygroundServer, client: AsyncWebClient) -> None:
    blocks = '[{"type": "divider"}]'
    await completing(channel_id=VOICE_OPS, blocks=blocks)(client, await uploaded(client))
    assert (await server.person("ana").reads()).blocks[0]["type"] == "divider"
    await completing(channel_id=VOICE_OPS, blocks=blocks, initial_comment="x")(client, await uploaded(client))
    seen = await server.person("ana").reads()
    assert (seen.text, seen.blocks) == ("x", ())
    assert len(server.journal.take_violations("blocks_ignored")) == 1


async def test_files_need_their_scopes(clock: SettableClock) -> None:
    async with PlaygroundServer(read_manifest(), clock=clock) as server:
        client = AsyncWebClient(server.bot_token, base_url=server.api_url, retry_handlers=[])
        for call, needed in (
            (client.files_getUploadURLExternal(filename="a", length=1), "files:write"),
            (client.files_completeUploadExternal(files=[{"id": "F1"}]), "files:write"),
            (client.files_info(file="F1"), "files:read"),
        ):
            assert (await refused(server, call, "missing_scope"))["needed"] == needed


FAULTS: dict[str, tuple[Callable[[PlaygroundServer], None], type[Exception]]] = {
    "the promise is refused": (
        lambda server: server.faults.refuse("internal_error", "files.getUploadURLExternal"),
        SlackApiError,
    ),
    "the bytes meet a 500": (lambda server: server.faults.error_500("upload"), SlackRequestError),
    "the bytes are refused": (lambda server: server.faults.refuse("upload_failed", "upload"), SlackRequestError),
    "the bytes are refused too late": (
        lambda server: server.faults.refuse("upload_failed", "upload", after=True),
        SlackRequestError,
    ),
    "the bytes are cut off": (lambda server: server.faults.drop_before("upload"), aiohttp.ClientError),
    "the bytes arrive and nobody says so": (lambda server: server.faults.drop_after("upload"), aiohttp.ClientError),
    "the end is refused": (
        lambda server: server.faults.refuse("internal_error", "files.completeUploadExternal"),
        SlackApiError,
    ),
}


@pytest.mark.parametrize(("order", "error"), FAULTS.values(), ids=FAULTS.keys())
async def test_each_step_can_fail_on_order_and_nothing_appears(
    server: PlaygroundServer,
    client: AsyncWebClient,
    order: Callable[[PlaygroundServer], None],
    error: type[Exception],
) -> None:
    order(server)
    with pytest.raises(error):
        await client.files_upload_v2(filename="a.txt", content="abc", channel=VOICE_OPS)
    assert not any(entry.kind is Kind.MESSAGE for entry in server.journal)
    await client.files_upload_v2(filename="a.txt", content="abc", channel=VOICE_OPS)
    assert len((await server.person("ana").reads()).files) == 1


async def test_a_server_that_stops_forgets_files_on_their_way(clock: SettableClock) -> None:
    timing = Timing(file_ready_s=30.0)
    async with PlaygroundServer(parse_manifest(MANIFEST), clock=clock, timing=timing) as server:
        client = AsyncWebClient(server.bot_token, base_url=server.api_url, retry_handlers=[])
        await client.files_upload_v2(filename="a.txt", content="abc", channel=VOICE_OPS)
    assert list(server.workspace.messages(VOICE_OPS)) == []

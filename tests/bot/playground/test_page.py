"""The page's server, without a browser: who is let in, what each person is told, what the stream tells."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.playground import samples
from bot.playground.journal import Kind
from bot.playground.manifest import Manifest, parse_manifest
from bot.playground.models import Author
from bot.playground.pageserver import CSP, PageServer
from bot.playground.server import PlaygroundServer
from bot.playground.tour import Tour
from tests.bot.playground import screen_samples as show
from tests.bot.playground.conftest import SettableClock, acking

ANA, BEN, OLGA = "U0ANALIND1", "U0BENCOLE2", "U0OLGAELSE"
OPS, SUPPORT, PRIVATE = "C0VOICEOPS", "C0SUPPORT1", "C0PRIVNOBT"


class Platform:
    """Switches that remember what they were told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []

    def control(self, method: str, body: bytes) -> tuple[int, bytes]:
        self.asked.append((method, body))
        return (200, b'{"services": {}}') if body != b'{"wrong": 1}' else (400, b'{"message": "unknown key"}')


class Tab:
    """A browser tab as far as HTTP goes: the headers that a browser sends from our own page."""

    def __init__(self, page: PageServer, session: aiohttp.ClientSession) -> None:
        self.page = page
        self.session = session
        self.own = {"Origin": page.url.rstrip("/"), "Sec-Fetch-Site": "same-origin"}

    async def asks(self, name: str, **query: str) -> Any:
        async with self.session.get(f"{self.page.url}api/{name}", params=query) as answer:
            return await answer.json()

    async def does(self, name: str, **body: Any) -> Any:
        async with self.session.post(f"{self.page.url}api/{name}", json=body, headers=self.own) as answer:
            return await answer.json()


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
async def page(server: PlaygroundServer, clock: SettableClock, platform: Platform) -> AsyncIterator[PageServer]:
    samples.fill(server.workspace, clock(), "abc123")
    async with PageServer(server, tour=Tour(next_steps=(("doctor", "check"),)), platform=platform) as page:
        yield page


@pytest.fixture
async def tab(page: PageServer) -> AsyncIterator[Tab]:
    async with aiohttp.ClientSession() as session:
        yield Tab(page, session)


class TestWhoIsLetIn:
    @pytest.mark.parametrize("path", ["", "app.js", "api/state", "nosuch.js", "api/nosuch"])
    async def test_everything_carries_the_policy(self, tab: Tab, path: str) -> None:
        async with tab.session.get(tab.page.url + path) as answer:
            assert answer.headers["Content-Security-Policy"] == CSP
            assert answer.headers["X-Content-Type-Options"] == "nosniff"

    def test_the_policy_allows_nothing_but_our_own_files(self) -> None:
        assert CSP == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            "frame-ancestors 'none'"
        )

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example"])
    @pytest.mark.parametrize("path", ["", "api/state", "api/events"])
    async def test_another_name_is_refused(self, tab: Tab, host: str, path: str) -> None:
        async with tab.session.get(tab.page.url + path, headers={"Host": host}) as answer:
            assert answer.status == 403

    async def test_localhost_is_our_name_too(self, tab: Tab) -> None:
        async with tab.session.get(
            tab.page.url, headers={"Host": tab.page.url[7:-1].replace("127.0.0.1", "localhost")}
        ) as answer:
            assert answer.status == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "http://127.0.0.1:1"},
            {"Origin": "null"},
            {},
        ],
        ids=["another site", "another port", "a sandbox", "no page"],
    )
    async def test_a_gesture_from_elsewhere_is_refused(self, tab: Tab, headers: dict[str, str]) -> None:
        body = {"as": ANA, "channel": OPS, "text": "hello"}
        async with tab.session.post(f"{tab.page.url}api/send", json=body, headers=headers) as answer:
            assert answer.status == 403

    @pytest.mark.parametrize("path", ["api/state", "api/events", "api/platform"])
    async def test_another_sites_script_cannot_ask(self, tab: Tab, path: str) -> None:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            async with tab.session.get(tab.page.url + path, headers=headers) as answer:
                assert answer.status == 403

    async def test_a_form_is_no_gesture(self, tab: Tab) -> None:
        async with tab.session.post(f"{tab.page.url}api/send", data={"as": ANA}, headers=tab.own) as answer:
            assert answer.status == 403

    @pytest.mark.parametrize("path", ["../__init__.py", "%2e%2e/server.py", "app.py", "page/app.js"])
    async def test_only_the_pages_own_files_are_given(self, tab: Tab, path: str) -> None:
        async with tab.session.get(tab.page.url + path) as answer:
            assert answer.status == 404

    async def test_a_taken_port_is_told(self, page: PageServer, server: PlaygroundServer) -> None:
        port = int(page.url.split(":")[2].rstrip("/"))
        with pytest.raises(OSError, match="in use"):
            await PageServer(server, port=port).start()


class TestWhatIsTold:
    async def test_people_see_where_they_are_and_nothing_else(self, tab: Tab) -> None:
        ana, olga = await tab.asks("state", **{"as": ANA}), await tab.asks("state", **{"as": OLGA})

        assert "private-no-bot" in [each["name"] for each in ana["channels"]]
        assert [each["name"] for each in olga["channels"]] == ["shared-with-olga", "Callwatch"]
        assert olga["app"]["commands"] == []
        assert "archived" not in [each["name"] for each in ana["channels"]]

    @pytest.mark.parametrize("person", ["U0CALLWBOT", "U0DORAGONE", "nobody"])
    async def test_nobody_acts_as_an_app_or_as_one_who_left(self, tab: Tab, person: str) -> None:
        assert "cannot act as" in (await tab.asks("state", **{"as": person}))["error"]

    async def test_a_channel_of_others_is_not_read_or_written(self, tab: Tab) -> None:
        assert "is in no conversation" in (await tab.asks("messages", **{"as": BEN}, channel=PRIVATE))["error"]
        assert "is in no conversation" in (await tab.does("send", **{"as": BEN}, channel=PRIVATE, text="hi"))["error"]

    async def test_messages_come_in_pages_from_the_newest(self, tab: Tab, server: PlaygroundServer) -> None:
        channel = server.workspace.channel(SUPPORT)
        for number in range(100):
            server.workspace.post(channel, BEN, Author.PERSON, f"m{number}")

        newest = await tab.asks("messages", **{"as": ANA}, channel=SUPPORT)
        older = await tab.asks("messages", **{"as": ANA}, channel=SUPPORT, before=newest["messages"][0]["ts"])

        assert [each["text"] for each in newest["messages"]] == [f"m{number}" for number in range(40, 100)]
        assert newest["has_older"]
        assert len(older["messages"]) == 42  # two were there before
        assert not older["has_older"]

    async def test_a_parent_tells_its_replies_and_a_thread_has_them(self, tab: Tab) -> None:
        messages = (await tab.asks("messages", **{"as": ANA}, channel=SUPPORT))["messages"]
        parent = next(each for each in messages if each["thread"])

        thread = await tab.asks("thread", **{"as": ANA}, channel=SUPPORT, ts=parent["ts"])

        assert parent["thread"]["count"] == 1
        assert [each["text"][:6] for each in thread["messages"]] == ["Ticket", "Let us"]

    async def test_a_private_answer_is_one_persons_and_has_no_link(self, tab: Tab, server: PlaygroundServer) -> None:
        workspace = server.workspace
        notice = workspace.notice(workspace.channel(OPS), workspace.person("ana"), "only you")

        for_ana = await tab.asks("messages", **{"as": ANA}, channel=OPS)
        for_ben = await tab.asks("messages", **{"as": BEN}, channel=OPS)

        assert for_ana["messages"][-1]["is_ephemeral"]
        assert "only you" not in [each["text"] for each in for_ben["messages"]]
        assert "no link" in (await tab.asks("link", **{"as": ANA}, channel=OPS, ts=notice.ts))["error"]
        assert "gone" in (await tab.asks("link", **{"as": BEN}, channel=OPS, ts=notice.ts))["error"]

    async def test_a_link_is_the_web_apis_permalink(self, tab: Tab, server: PlaygroundServer) -> None:
        messages = (await tab.asks("messages", **{"as": ANA}, channel=SUPPORT))["messages"]
        ts = messages[-1]["ts"]

        link = (await tab.asks("link", **{"as": ANA}, channel=SUPPORT, ts=ts))["permalink"]

        assert link == f"{server.url}archives/{SUPPORT}/p{ts.replace('.', '')}"

    async def test_what_others_write_is_new_until_it_is_read(self, tab: Tab) -> None:
        sent = await tab.does("send", **{"as": BEN}, channel=OPS, text="hello @ana")

        def of(state: Any) -> dict[str, Any]:
            return next(each for each in state["channels"] if each["id"] == OPS)

        before, of_ben = of(await tab.asks("state", **{"as": ANA})), of(await tab.asks("state", **{"as": BEN}))
        await tab.does("read", **{"as": ANA}, channel=OPS, ts=sent["ts"])
        await tab.does("read", **{"as": ANA}, channel=OPS, ts="0000000001.000000")
        after = of(await tab.asks("state", **{"as": ANA}))

        assert (before["unread"], before["pings"], of_ben["unread"]) == (1, 1, 0)
        assert (after["unread"], after["pings"]) == (0, 0)

    async def test_a_line_of_traffic_has_its_json(self, tab: Tab, server: PlaygroundServer) -> None:
        server.journal.add(Kind.CALL, "auth.test", {"args": {}})
        (line,) = (await tab.asks("traffic"))["lines"]

        assert line["summary"] == "auth.test"
        assert (await tab.asks("entry", seq=str(line["seq"])))["detail"] == {"args": {}}
        assert "not in the journal" in (await tab.asks("entry", seq="999"))["error"]
        assert "number" in (await tab.asks("entry", seq="x"))["error"]


class TestGestures:
    async def test_a_command_reaches_the_app_as_that_keyboard_types_it(
        self, tab: Tab, server: PlaygroundServer
    ) -> None:
        async with acking(server):
            await tab.does("send", **{"as": ANA}, channel=OPS, text="/calls a@b.com  last-7d", keyboard=["auto_link"])
            (envelope,) = [each for each in server.journal if each.kind == "envelope"]

        assert envelope.detail["payload"]["text"] == "<mailto:a@b.com|a@b.com>  last-7d"
        assert envelope.detail["payload"]["user_id"] == ANA

    async def test_the_app_comes_and_goes_by_slacks_own_commands(self, tab: Tab, server: PlaygroundServer) -> None:
        workspace = server.workspace
        for text, is_there in (("/invite @Callwatch", True), ("/remove @callwatch", False)):
            await tab.does("send", **{"as": ANA}, channel="C0RANDOMNB", text=text)
            assert (workspace.bot.id in workspace.channel("C0RANDOMNB").members) is is_there

        await tab.does("send", **{"as": ANA}, channel="C0RANDOMNB", text="/invite @ben")
        *_, notice = workspace.messages("C0RANDOMNB")
        assert "only the app" in notice.text

    async def test_people_delete_what_is_theirs_and_members_what_apps_said(
        self, tab: Tab, server: PlaygroundServer
    ) -> None:
        workspace = server.workspace
        channel = workspace.channel(OPS)
        bens = workspace.post(channel, BEN, Author.PERSON, "mine")
        card = workspace.post(channel, workspace.bot.id, Author.APP, "a card")

        async def deletes(person: str, ts: str) -> str:
            return (await tab.does("delete", **{"as": person}, channel=OPS, ts=ts)).get("error", "done")

        assert await deletes(ANA, bens.ts) == "ana cannot delete this message"
        assert await deletes("U0GUSGUEST", card.ts) == "gus cannot delete this message"
        assert [await deletes(BEN, bens.ts), await deletes(BEN, card.ts)] == ["done", "done"]
        assert await deletes(BEN, card.ts) == "this message is gone"

    @pytest.mark.parametrize(
        ("name", "body", "sentence"),
        [
            ("send", {"channel": OPS, "text": "  "}, "nothing to send"),
            ("send", {"channel": OPS, "text": 7}, "text must be a text"),
            ("send", {"channel": OPS, "text": "x", "keyboard": ["qwerty"]}, "keyboard is a list"),
            ("send", {"channel": OPS, "text": "x", "thread": "1.2"}, "gone"),
            ("press", {"channel": OPS, "ts": "1.2", "action_id": "x"}, "gone"),
            ("weather", {"fault": "hail"}, "no weather"),
            ("weather", {"fault": "slow", "times": 0}, "times must be"),
            ("view/submit", {"view_id": "V1"}, "closed"),
            ("view/shortcut", {"callback_id": "x"}, "no such shortcut"),
            ("view/open_home", {}, "no home tab"),
        ],
    )
    async def test_what_cannot_be_is_refused_with_a_sentence(
        self, tab: Tab, name: str, body: dict[str, Any], sentence: str
    ) -> None:
        assert sentence in (await tab.does(name, **{"as": ANA}, **body))["error"]

    async def test_a_body_that_is_no_object_is_refused(self, tab: Tab) -> None:
        for raw in ("[]", "{"):
            headers = {**tab.own, "Content-Type": "application/json"}
            async with tab.session.post(f"{tab.page.url}api/send", data=raw, headers=headers) as answer:
                assert answer.status == 400

    @pytest.mark.parametrize(
        "fault", ["ratelimited", "error_500", "drop_after", "response_500", "slow", "redeliver", "refuse_sockets"]
    )
    async def test_weather_is_ordered_and_cleared(self, tab: Tab, fault: str) -> None:
        ordered = await tab.does("weather", **{"as": ANA}, fault=fault, times=2)
        cleared = await tab.does("weather", **{"as": ANA}, fault="")

        assert len(ordered["waiting"]) == (2 if fault == "redeliver" else 1)
        assert cleared["waiting"] == []

    async def test_the_platform_is_asked_and_switched_through_its_own_control(
        self, tab: Tab, platform: Platform
    ) -> None:
        assert await tab.asks("platform") == {"services": {}}
        await tab.does("platform", services={"rtpproxy": "down"})
        assert await tab.does("platform", wrong=1)

        assert [method for method, _ in platform.asked] == ["GET", "POST", "POST"]
        assert json.loads(platform.asked[1][1]) == {"services": {"rtpproxy": "down"}}


class Stream:
    """An EventSource by hand."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> tuple[str, Any, str]:
        """Return name, data and id of the next event; signs of life are passed over."""
        fields: dict[str, str] = {}
        while True:
            line = (await self.response.content.readline()).decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                return fields["event"], json.loads(fields["data"]), fields.get("id", "")


class TestTheStream:
    async def test_tells_each_person_what_they_see(self, tab: Tab, server: PlaygroundServer) -> None:
        url = f"{tab.page.url}api/events"
        async with (
            tab.session.get(url, params={"as": ANA}) as of_ana,
            tab.session.get(url, params={"as": BEN}) as of_ben,
        ):
            ana, ben = Stream(of_ana), Stream(of_ben)
            assert (await ana.next())[0] == (await ben.next())[0] == "hello"
            workspace = server.workspace
            workspace.notice(workspace.channel(OPS), workspace.person("ana"), "only you")
            await tab.does("send", **{"as": BEN}, channel=OPS, text="for all")

            name, message, _ = await ana.next()
            assert (name, message["text"], message["is_new"]) == ("message", "only you", True)
            assert (await ana.next())[1]["text"] == "for all"
            assert (await ben.next())[1]["text"] == "for all"

    async def test_goes_on_after_what_the_page_knows(self, tab: Tab, server: PlaygroundServer) -> None:
        state = await tab.asks("state", **{"as": ANA})
        for text in ("one", "two"):
            await tab.does("send", **{"as": BEN}, channel=OPS, text=text)
        url = f"{tab.page.url}api/events"
        async with tab.session.get(url, params={"as": ANA, "after": f"{state['run']}.{state['seq']}"}) as response:
            stream = Stream(response)
            await stream.next()
            _, first, first_id = await stream.next()
        async with tab.session.get(url, params={"as": ANA}, headers={"Last-Event-ID": first_id}) as response:
            stream = Stream(response)
            await stream.next()
            _, second, _ = await stream.next()

        assert (first["text"], second["text"]) == ("one", "two")

    async def test_of_another_run_begins_with_now(self, tab: Tab, server: PlaygroundServer) -> None:
        await tab.does("send", **{"as": BEN}, channel=OPS, text="before")
        async with tab.session.get(f"{tab.page.url}api/events", params={"as": ANA, "after": "Rother.0"}) as response:
            stream = Stream(response)
            _, hello, _ = await stream.next()
            await tab.does("send", **{"as": BEN}, channel=OPS, text="after")

            assert hello["run"] == tab.page.state.run
            assert (await stream.next())[1]["text"] == "after"

    async def test_tells_a_parent_how_many_replies_it_has_now(self, tab: Tab) -> None:
        messages = (await tab.asks("messages", **{"as": ANA}, channel=SUPPORT))["messages"]
        parent = next(each for each in messages if each["thread"])
        async with tab.session.get(f"{tab.page.url}api/events", params={"as": ANA}) as response:
            stream = Stream(response)
            await stream.next()
            await tab.does("send", **{"as": BEN}, channel=SUPPORT, text="reply", thread=parent["ts"])
            _, reply, _ = await stream.next()

        assert reply["parent"]["thread"]["count"] == 2
        assert reply["parent"]["ts"] == reply["thread_ts"] == parent["ts"]

    async def test_tells_of_traffic_and_broken_rules(self, tab: Tab, server: PlaygroundServer) -> None:
        async with tab.session.get(f"{tab.page.url}api/events", params={"as": ANA}) as response:
            stream = Stream(response)
            await stream.next()
            server.journal.blame("no_text", "chat.postMessage", "no text")
            name, line, _ = await stream.next()

        assert (name, line["rule"], line["violations"]) == ("traffic", "no_text", 1)
        server.journal.take_violations("no_text")

    async def test_ends_when_the_server_stops(self, tab: Tab) -> None:
        async with tab.session.get(f"{tab.page.url}api/events", params={"as": ANA}) as response:
            stream = Stream(response)
            await stream.next()
            await tab.page.stop()

            assert await response.content.read() in (b"", b": still here\n\n")


class TestScreens:
    @pytest.fixture
    def manifest(self) -> Manifest:
        return parse_manifest(show.MANIFEST)

    async def test_what_the_manifest_has_is_told(self, tab: Tab) -> None:
        app = (await tab.asks("state", **{"as": ANA}))["app"]

        assert app["has_home"]
        assert [each["callback_id"] for each in app["shortcuts"]] == ["report_global", "report_message"]

    async def test_a_menu_of_conversations_comes_with_its_choices(self, tab: Tab, server: PlaygroundServer) -> None:
        where = show.input_block("where", "Where", {"type": "conversations_select"})
        ana = server.workspace.person("ana")
        async with acking(server):
            delivery = server.screens.use_shortcut(ana, "report_global")
            await delivery.ended()
        headers = {"Authorization": f"Bearer {server.bot_token}"}
        body = {"trigger_id": delivery.payload["trigger_id"], "view": show.modal(where)}
        async with tab.session.post(f"{server.api_url}views.open", json=body, headers=headers) as answer:
            assert (await answer.json())["ok"]

        screens = await tab.asks("screens", **{"as": ANA})

        assert [each["view"]["title"]["text"] for each in screens["modals"]] == ["Call report"]
        assert {"value": OPS, "text": "#voice-ops"} in screens["choices"]["where_field"]
        assert (await tab.asks("screens", **{"as": BEN}))["modals"] == []

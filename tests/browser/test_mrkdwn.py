"""Slack's markup as the page shows it: a table, through the page's own module."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

RENDER = """async ([text, zone]) => {
  const { mrkdwn } = await import("/mrkdwn.js");
  const world = {
    me: () => "U1", zone: () => zone, now: () => new Date("2026-11-23T12:00:00Z"),
    userName: (id) => ({ U1: "Ana", U2: "Ben" })[id], channelName: (id) => ({ C1: "general" })[id],
  };
  const node = document.createElement("div");
  node.append(mrkdwn(text, world));
  return node.innerHTML;
}"""

LINES = '<span class="lines">'
MENTION, MENTION_OF_ME = '<span class="mention">', '<span class="mention mention-me">'
AWAY = 'target="_blank" rel="noopener noreferrer"'
EMOJI = '<span role="img"'
ITEM = '<div class="item depth-0"><span class="item-mark">•</span>'
#: A text, and the nodes that it becomes; a text of plain lines stands in a span, which is left out here.
CASES = {
    "plain": ("hello", "hello"),
    "styles": ("*b* _i_ ~s~", "<strong>b</strong> <em>i</em> <s>s</s>"),
    "styles in styles": ("*b _i_*", "<strong>b <em>i</em></strong>"),
    "no style in a word": ("a*b*c snake_case_name", "a*b*c snake_case_name"),
    "no style around spaces": ("2 * 3 * 4", "2 * 3 * 4"),
    "no style that never closes": ("*open", "*open"),
    "style with punctuation": ("(*b*).", "(<strong>b</strong>)."),
    "code": ("`a *b* &lt;c&gt;`", "<code>a *b* &lt;c&gt;</code>"),
    "entities once": ("&amp;lt; &lt;b&gt;", "&amp;lt; &lt;b&gt;"),
    "html is text": ("&lt;img src=x&gt;", "&lt;img src=x&gt;"),
    "mention": ("<@U2> <@U1|x>", f"{MENTION}@Ben</span> {MENTION_OF_ME}@Ana</span>"),
    "mention of nobody": ("<@U9|zoe>", f"{MENTION}@zoe</span>"),
    "channel": ("<#C1> <#C9|>", f"{MENTION}#general</span> {MENTION}#private-channel</span>"),
    "broadcast": ("<!here>", f"{MENTION_OF_ME}@here</span>"),
    "link": ("<https://a.example/?x=1&amp;y=2|there>", f'<a href="https://a.example/?x=1&amp;y=2" {AWAY}>there</a>'),
    "mail": ("<mailto:a@b.c>", f'<a href="mailto:a@b.c" {AWAY}>a@b.c</a>'),
    "link of another kind": ("<javascript:alert(1)|x>", "x"),
    "drawn emoji": (
        ":red_circle:",
        f'{EMOJI} aria-label="red circle" title=":red_circle:" class="emoji circle circle-red"></span>',
    ),
    "emoji": (":tada:", f'{EMOJI} aria-label="tada" title=":tada:" class="emoji">🎉</span>'),
    "unknown emoji": (":nosuch:", ":nosuch:"),
    "time of day is no emoji": ("at 14:02:10", "at 14:02:10"),
    "lone brackets": ("a < b", "a &lt; b"),
    "preformatted that never closes": ("```a", "```a"),
}
BLOCKS = {
    "preformatted": ("x\n```a\n *b*```\ny", f'{LINES}x</span><pre tabindex="0">a\n *b*</pre>{LINES}y</span>'),
    "quote": ("&gt; a\n&gt; *b*\nc", f"<blockquote>a\n<strong>b</strong></blockquote>{LINES}c</span>"),
    "list": ("• a\n• *b*", f"{ITEM}<span>a</span></div>{ITEM}<span><strong>b</strong></span></div>"),
}


async def test_markup_becomes_nodes(ana):
    wanted = {name: (text, f"{LINES}{nodes}</span>") for name, (text, nodes) in CASES.items()} | BLOCKS

    shown = {name: await ana.page.evaluate(RENDER, [text, "UTC"]) for name, (text, _) in wanted.items()}

    assert shown == {name: nodes for name, (_, nodes) in wanted.items()}


DATES = {
    ("{date_num} {time_secs}", "UTC"): "2026-11-23 08:05:09",
    ("{date}", "UTC"): "November 23rd, 2026",
    ("{date_short} {time}", "Asia/Tokyo"): "Nov 23, 2026 17:05",
    ("{date_long}", "UTC"): "Monday, November 23rd, 2026",
    ("{date_pretty} at {time}", "America/New_York"): "today at 03:05",
    ("{date_short_pretty}", "UTC"): "today",
    ("{nosuch}", "UTC"): "{nosuch}",
}


async def test_a_date_is_written_in_the_readers_zone(ana):
    stamp = 1795421109  # 2026-11-23 08:05:09 UTC
    shown = {
        (form, zone): await ana.page.evaluate(RENDER, [f"<!date^{stamp}^{form}|fallback>", zone])
        for form, zone in DATES
    }

    assert shown == {
        key: f'<span class="lines"><time datetime="2026-11-23T08:05:09.000Z" title="fallback">{text}</time></span>'
        for key, text in DATES.items()
    }

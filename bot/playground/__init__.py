"""A local workspace that behaves like Slack towards the bot: the demo and the tests run on it.

`server.PlaygroundServer` is the whole of it. What comes in over HTTP and WebSocket is checked as strictly as Slack does
or more strictly; what passes here breaks no rule we know, no more than that. Known differences to Slack:

- stricter: an unknown method, argument, key of a block or type of a block is refused; channels go by id, not by name;
  an answer to a button must say `replace_original`; option values end at 75 characters; a reply to a reply is refused;
  `chat.postMessage` has a burst of 5 per channel; blocks end at 13,000 characters.
  In views: no empty list of blocks, no title or buttons on a Home tab, action_id unique in the whole view, an
  external_id never twice, `views.open` refused inside an open modal, 250 kB counted as 250,000 bytes. With files:
  bytes of exactly the promised length, the bot a member wherever a file goes, a thread that is there.
- laxer: `apps.connections.open` may be called 20 times a minute; nothing ends a connection by itself; texts in the
  views and messages that come back are not escaped; a modal opened over another replaces it; a shared file does not
  count as a post; nobody is told in the channel that the bot joined it.
- other words: what Slack's client says of a field that is too long, too short or no number; how a failed shortcut is
  told; the error for an upload that is completed too early or twice.
- on the page: private answers stay until the workspace ends (Slack's go at a reload); arrow up brings back what was
  sent (Slack edits the last message); any member deletes what the app said, as an admin; times have 24 hours; pictures
  from elsewhere are links; no search, reactions, editing, uploads by people, list of threads or channels to join.
- missing: group conversations, menus with options from the app, rich text and file inputs (shown, not filled in),
  workflow steps, `file_shared` events, chat.scheduleMessage, HTTP mode, token rotation.
"""

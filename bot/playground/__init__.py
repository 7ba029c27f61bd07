"""A local workspace that behaves like Slack towards the bot: the demo and the tests run on it.

`server.PlaygroundServer` is the whole of it. What comes in over HTTP and WebSocket is checked as strictly as Slack does
or more strictly; what passes here breaks no rule we know, no more than that. Known differences to Slack:

- stricter: an unknown method, argument, key of a block or type of a block is refused; channels go by id, not by name;
  an answer to a button must say `replace_original`; option values end at 75 characters; a reply to a reply is refused;
  `chat.postMessage` has a burst of 5 per channel; blocks end at 13,000 characters.
- laxer: `apps.connections.open` may be called 20 times a minute; nothing ends a connection by itself.
- missing: modals, App Home, shortcuts, files, group conversations, user groups, HTTP mode, token rotation.
"""

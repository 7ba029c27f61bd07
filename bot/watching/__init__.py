"""Watching: ask what services do, decide what changed, tell the channels that want to know, once."""

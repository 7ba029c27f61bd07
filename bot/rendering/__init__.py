"""Domain values in, Block Kit messages out. The only place where Block Kit is written."""

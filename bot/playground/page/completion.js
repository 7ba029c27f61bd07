// What can be typed next: commands, what follows them, people and channels. Pure: text in, offers out.

import { world } from "./state.js";

const OWN_COMMANDS = [
  { command: "/invite", description: "Bring the app into this conversation", usage_hint: "@callwatch" },
  { command: "/remove", description: "Take the app out of this conversation", usage_hint: "@callwatch" },
];

/**
 * Return {offers: [{text, label, hint}], from, isEager, hint} for the word before the caret.
 *
 * An offer replaces the text from `from` to the caret. `isEager`: Enter takes the first one, because what is there cannot
 * be sent as it is. `where`: {isDirect, isThread, members}.
 */
export function complete(text, caret, where) {
  const before = text.slice(0, caret);
  const word = /\S*$/.exec(before)[0];
  const from = caret - word.length;
  if (/^\/\S*$/.test(before) && !where.isThread) return commandOffers(before, where);
  if (word.startsWith("@")) return listed(from, peopleOffers(word.slice(1).toLowerCase(), where), word);
  if (word.startsWith("#")) return listed(from, channelOffers(word.slice(1).toLowerCase()), word);
  const line = spokenToApp(before, where);
  if (!line) return NOTHING;
  const offers = followingOffers(line, word);
  return { offers, from, isEager: false, hint: line.hint };
}

const NOTHING = { offers: [], from: 0, isEager: false, hint: "" };

function listed(from, offers, word) {
  const isWhole = offers.length === 1 && offers[0].text === word;
  return { offers: isWhole ? [] : offers, from, isEager: word.length > 1, hint: "" };
}

function commandOffers(typed) {
  const all = [...world.app.commands, ...OWN_COMMANDS];
  const offers = all.filter((each) => each.command.startsWith(typed.toLowerCase())).map((each) => ({
    text: `${each.command} `, label: each.command, usage: each.usage_hint, hint: each.description,
  }));
  const isWhole = all.some((each) => each.command === typed);
  return { offers, from: 0, isEager: !isWhole, hint: "" };
}

function peopleOffers(typed, where) {
  const found = Object.values(world.people)
    .filter((each) => where.members.includes(each.id) && each.id !== world.me())
    .filter((each) => each.name.startsWith(typed) || each.real_name.toLowerCase().includes(typed))
    .sort((a, b) => Number(b.is_app) - Number(a.is_app))
    .map((each) => ({ text: `@${each.name} `, label: `@${each.name}`, hint: each.real_name }));
  const groups = ["here", "channel"].filter((each) => typed && each.startsWith(typed));
  return [...found, ...groups.map((each) => ({ text: `@${each} `, label: `@${each}`, hint: "everybody in this conversation" }))];
}

function channelOffers(typed) {
  return world.channels.filter((each) => each.kind !== "im" && each.name.includes(typed))
    .map((each) => ({ text: `#${each.name} `, label: `#${each.name}`, hint: each.kind === "private" ? "private" : "" }));
}

/** Return the words said to the app so far, and which completions apply; null when nobody speaks to it. */
function spokenToApp(before, where) {
  const { completions } = world.tour;
  const words = before.split(/\s+/);
  const current = words.pop();
  if (words[0]?.startsWith("/")) {
    const command = world.app.commands.find((each) => each.command === words[0]);
    if (!command || where.isThread) return null;
    const hint = `${command.command} ${command.usage_hint}`.trim();
    return { words: words.slice(1), groups: completions[command.command] ?? [], hint: `${hint} · ${command.description}` };
  }
  const bot = world.people[world.app.user];
  const isMention = words[0]?.toLowerCase() === `@${bot?.name}`;
  if (!isMention && !where.isDirect) return null;
  const said = isMention ? words.slice(1) : words;
  if (!said.length) {
    if (!isMention && !current) return null;
    return { words: [], groups: [{ kind: "topic", words: completions[""]?.[0]?.words ?? [], after: [] }], hint: "" };
  }
  const groups = completions[said[0].toLowerCase()];
  return groups ? { words: said.slice(1), groups, hint: "" } : null;
}

function followingOffers(line, word) {
  const said = line.words.map((each) => each.toLowerCase());
  const used = new Set(line.groups.filter((group) => group.words.some(([each]) => said.includes(each.toLowerCase()))).map((group) => group.kind));
  const last = said.at(-1) ?? "";
  const behind = line.groups.filter((group) => group.after.length && group.after.includes(last) && !used.has(group.kind));
  const anywhere = line.groups.filter((group) => !group.after.length && !used.has(group.kind));
  // Straight behind a type only its names make sense; further on, no type and no name any more.
  const isNamed = said.length > 0 && !line.groups.some((group) => group.kind === "type" && group.words.some(([each]) => each === last));
  const usable = behind.length ? behind : anywhere.filter((group) => !isNamed || !["type", "identity"].includes(group.kind));
  const typed = word.toLowerCase();
  const offers = usable.flatMap((group) => group.words
    .filter(([text]) => text.toLowerCase().startsWith(typed) && text.toLowerCase() !== typed)
    .map(([text, hint]) => ({ text: `${text} `, label: text, hint, kind: group.kind })));
  return offers.slice(0, 12);
}

// Slack's mrkdwn as DOM nodes. `parse` and `parseInline` make plain objects, `mrkdwn` and `plainText` nodes; text goes in
// as text nodes only. What is not understood stays as it was written.

import { emojiNode } from "./emoji.js";
import { dateText } from "./when.js";

const TOKEN = /^<([^<>\n]+)>/;
const EMOJI = /^:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/;
const STYLES = { "*": "strong", _: "em", "~": "s" };
const SAFE_LINK = /^(https?:\/\/|mailto:|tel:)/i;
const QUOTE = /^(?:&gt;|>) ?/;
const ITEM = /^(\s*)(•|◦|▪|-|\d{1,3}\.) +/;

/** Return `text` with the three entities as the characters they stand for. */
export function decode(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

/** Return the parts of a text: {type: "pre" | "quote" | "item" | "lines", ...}. */
export function parse(text) {
  const parts = [];
  const pieces = text.split("```");
  pieces.forEach((piece, index) => {
    const isClosed = index < pieces.length - 1;
    if (index % 2 === 1 && isClosed) parts.push({ type: "pre", text: piece.replace(/^\n/, "").replace(/\n$/, "") });
    else if (index % 2 === 1) parts.push(...lines("```" + piece));
    else {
      let plain = piece;
      if (index > 0) plain = plain.replace(/^\n/, "");
      if (isClosed) plain = plain.replace(/\n$/, "");
      if (plain) parts.push(...lines(plain));
    }
  });
  return parts;
}

function lines(text) {
  const parts = [];
  for (const line of text.split("\n")) {
    const last = parts.at(-1);
    const item = ITEM.exec(line);
    if (QUOTE.test(line)) {
      const rest = line.replace(QUOTE, "");
      if (last?.type === "quote") last.text += `\n${rest}`;
      else parts.push({ type: "quote", text: rest });
    } else if (item) {
      parts.push({ type: "item", depth: Math.floor(item[1].length / 2), mark: item[2], text: line.slice(item[0].length) });
    } else if (last?.type === "lines") last.text += `\n${line}`;
    else parts.push({ type: "lines", text: line });
  }
  return parts;
}

/** Return the parts of a line: strings, and {type: "strong" | "em" | "s" | "code" | "token" | "emoji", ...}. */
export function parseInline(text) {
  const parts = [];
  let plain = "";
  const push = (part) => {
    if (plain) parts.push(decode(plain));
    plain = "";
    parts.push(part);
  };
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const here = text[at];
    const token = here === "<" && TOKEN.exec(rest);
    const emoji = here === ":" && EMOJI.exec(rest);
    const closing = here === "`" ? closingTick(text, at) : STYLES[here] ? closingStyle(text, at) : -1;
    if (token) {
      push(readToken(token[1]));
      at += token[0].length;
    } else if (emoji) {
      push({ type: "emoji", name: emoji[1], text: emoji[0] });
      at += emoji[0].length;
    } else if (closing > 0) {
      const inner = text.slice(at + 1, closing);
      push(here === "`" ? { type: "code", text: inner } : { type: STYLES[here], parts: parseInline(inner) });
      at = closing + 1;
    } else {
      plain += here;
      at += 1;
    }
  }
  if (plain) parts.push(decode(plain));
  return parts;
}

function closingTick(text, at) {
  const end = text.indexOf("`", at + 1);
  const newline = text.indexOf("\n", at);
  return end > at + 1 && (newline < 0 || end < newline) ? end : -1;
}

const isWord = (character) => character !== undefined && /[\p{L}\p{N}]/u.test(character);

/** Return where the style that opens at `at` closes, -1 when it does not: styles hug their text and end at words' ends. */
function closingStyle(text, at) {
  const mark = text[at];
  if (isWord(text[at - 1]) || text[at + 1] === undefined || /\s/.test(text[at + 1]) || text[at + 1] === mark) return -1;
  let seek = at + 1;
  while (seek < text.length && text[seek] !== "\n") {
    const token = text[seek] === "<" && TOKEN.exec(text.slice(seek));
    if (token) {
      seek += token[0].length;
      continue;
    }
    const tick = text[seek] === "`" ? closingTick(text, seek) : -1;
    if (tick > 0) {
      seek = tick + 1;
      continue;
    }
    if (text[seek] === mark && !/\s/.test(text[seek - 1]) && !isWord(text[seek + 1])) return seek;
    seek += 1;
  }
  return -1;
}

function readToken(inside) {
  const cut = inside.indexOf("|");
  const target = cut < 0 ? inside : inside.slice(0, cut);
  const label = cut < 0 ? "" : inside.slice(cut + 1);
  const kind = target[0];
  if (kind === "@") return { type: "user", id: target.slice(1), label: decode(label) };
  if (kind === "#") return { type: "channel", id: target.slice(1), label: decode(label) };
  if (target.startsWith("!date^")) {
    const [, stamp, form, link] = target.split("^");
    return { type: "date", stamp: Number(stamp), form: form ?? "", link: decode(link ?? ""), label: decode(label) };
  }
  if (kind === "!") return { type: "broadcast", name: target.slice(1).split("^")[0], label: decode(label) };
  return { type: "link", href: decode(target), label: decode(label) || decode(target).replace(/^(mailto:|tel:)/, "") };
}

/** Return the nodes of a mrkdwn text. `world` resolves names: userName(id), channelName(id), me(). */
export function mrkdwn(text, world) {
  const fragment = document.createDocumentFragment();
  for (const part of parse(text)) {
    if (part.type === "pre") {
      const pre = document.createElement("pre");
      pre.textContent = codeText(part.text);
      pre.tabIndex = 0; // long lines scroll, also for who has no mouse
      fragment.append(pre);
    } else if (part.type === "quote") {
      const quote = document.createElement("blockquote");
      quote.append(inline(parseInline(part.text), world));
      fragment.append(quote);
    } else if (part.type === "item") {
      const item = document.createElement("div");
      item.className = `item depth-${Math.min(part.depth, 3)}`;
      const mark = document.createElement("span");
      mark.className = "item-mark";
      mark.textContent = part.mark === "-" ? "•" : part.mark;
      const body = document.createElement("span");
      body.append(inline(parseInline(part.text), world));
      item.append(mark, body);
      fragment.append(item);
    } else {
      const span = document.createElement("span");
      span.className = "lines";
      span.append(inline(parseInline(part.text), world));
      fragment.append(span);
    }
  }
  return fragment;
}

/** Return the nodes of a plain text: emoji only. */
export function plainText(text) {
  const fragment = document.createDocumentFragment();
  for (const piece of text.split(/(:[a-z0-9_+'-]+:)/)) {
    const name = /^:([a-z0-9_+'-]+):$/.exec(piece);
    fragment.append((name && emojiNode(name[1])) || document.createTextNode(piece));
  }
  return fragment;
}

/** Return a text as one line of plain words, for the announcer. */
export function spoken(text, world) {
  const span = document.createElement("span");
  span.append(mrkdwn(text, world));
  return span.textContent.replace(/\s+/g, " ").trim();
}

/** Inside code nothing is styled, and tokens show their label. */
function codeText(text) {
  return decode(text.replace(/<([^<>\n]+)>/g, (_, inside) => readToken(inside).label || inside));
}

function inline(parts, world) {
  const fragment = document.createDocumentFragment();
  for (const part of parts) fragment.append(typeof part === "string" ? part : inlineNode(part, world));
  return fragment;
}

function inlineNode(part, world) {
  switch (part.type) {
    case "code": {
      const code = document.createElement("code");
      code.textContent = codeText(part.text);
      return code;
    }
    case "emoji":
      return emojiNode(part.name) ?? document.createTextNode(part.text);
    case "user":
      return mention(`@${world.userName(part.id) ?? (part.label || part.id)}`, part.id === world.me());
    case "channel":
      if (world.open && world.channelName(part.id)) return channelButton(part.id, world);
      return mention(`#${world.channelName(part.id) ?? (part.label || "private-channel")}`, false);
    case "broadcast":
      return mention(part.label || `@${part.name}`, true);
    case "date":
      return dateNode(part, world);
    case "link":
      return linkNode(part.href, part.label);
    default: {
      const node = document.createElement(part.type);
      node.append(inline(part.parts, world));
      return node;
    }
  }
}

function channelButton(id, world) {
  const node = document.createElement("button");
  node.type = "button";
  node.className = "mention";
  node.textContent = `#${world.channelName(id)}`;
  node.addEventListener("click", () => world.open(id));
  return node;
}

function mention(text, isMine) {
  const node = document.createElement("span");
  node.className = isMine ? "mention mention-me" : "mention";
  node.textContent = text;
  return node;
}

function dateNode(part, world) {
  const time = document.createElement("time");
  if (!Number.isFinite(part.stamp)) {
    time.textContent = part.label;
    return time;
  }
  const when = new Date(part.stamp * 1000);
  time.dateTime = when.toISOString();
  time.title = part.label;
  time.textContent = dateText(part.form, when, world.zone(), world.now());
  if (!part.link) return time;
  const link = linkNode(part.link, "");
  link.replaceChildren(time);
  return link;
}

export function linkNode(href, label) {
  if (!SAFE_LINK.test(href)) return document.createTextNode(label || href);
  const link = document.createElement("a");
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.textContent = label || href;
  return link;
}

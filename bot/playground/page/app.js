// The page, put together: which conversation is open, who acts, and what each thing that happens changes.

import { act, ask, follow, tryTo } from "./api.js";
import { Composer } from "./composer.js";
import { announce, dress, el, iconButton, toast } from "./dom.js";
import { copy, drawGuide } from "./guide.js";
import { listenToKeys } from "./keys.js";
import { MessageList } from "./messages.js";
import { spoken } from "./mrkdwn.js";
import { Panel } from "./panel.js";
import { applyTheme, openMenu, openSettings } from "./settings.js";
import { drawSidebar } from "./sidebar.js";
import { kept, load, tab, world } from "./state.js";
import { drawActors, drawVerdict, showLink } from "./top.js";
import { Views } from "./views.js";

const $ = (id) => document.getElementById(id);
const isNarrow = () => matchMedia("(max-width: 820px)").matches;

const page = { beginning: 0, channel: "", thread: "", tab: "messages", stream: null, list: null, threadList: null, composer: null, threadComposer: null, panel: null, views: null };

// -- where we are: the address keeps it, so that a reload comes back here

function readAddress() {
  const [, channel, thread] = location.hash.split("/");
  return { channel: channel ?? "", thread: thread ?? "" };
}

function writeAddress() {
  history.replaceState(null, "", `#/${page.channel}${page.thread ? `/${page.thread}` : ""}`);
}

// -- starting, and starting anew as somebody else or after the workspace came back

async function begin(personId) {
  page.stream?.stop();
  page.beginning += 1;
  const mine = page.beginning;
  const answer = await ask("state", { as: personId });
  if (mine !== page.beginning) return; // somebody else sat down meanwhile
  load(answer);
  tab.set("as", world.me());
  document.title = `${world.app.name} playground`;
  drawActors();
  showLink(page.isLost);
  drawVerdict();
  const wanted = readAddress();
  const known = world.channel(wanted.channel) ?? world.channelCalled("voice-ops") ?? world.channels[0] ?? world.direct();
  await openChannel(known.id);
  if (wanted.thread && known.id === wanted.channel) await openThread(wanted.thread).catch(() => closeThread());
  else closeThread();
  if (mine !== page.beginning) return;
  page.stream = follow(world.me(), `${world.run}.${world.seq}`, { hello: onHello, message: onMessage, traffic: onTraffic, view: () => page.views.refresh(), lost: onLost });
  await page.views.refresh();
  if (!$("guide").hidden) showGuide(world.tour.tries.length > 0);
  if (!$("panel").hidden) await page.panel.open();
}

function onHello(hello) {
  page.isLost = false;
  world.isConnected = hello.is_connected;
  showLink(page.isLost);
  if (hello.run !== world.run) begin(world.me()); // another workspace has started at this address
}

function onLost() {
  page.isLost = true;
  showLink(page.isLost);
}

// -- conversations

async function openChannel(id, { isQuiet = false } = {}) {
  const isOther = page.channel !== id;
  page.channel = id;
  if (isOther) {
    closeThread();
    page.tab = "messages";
  }
  const answer = await ask("messages", { as: world.me(), channel: id });
  if (page.channel !== id) return; // somebody was quicker
  const channel = Object.assign(world.channel(id), answer.channel);
  writeAddress();
  drawHead(channel);
  page.list.show(answer.messages, { hasOlder: answer.has_older, readTs: channel.unread ? channel.read_ts : "" });
  page.composer.moved();
  markRead();
  drawSide();
  showSidebar(false);
  showTab(page.tab);
  if (!isQuiet && !isNarrow()) page.composer.focus();
}

function drawHead(channel) {
  const isDirect = channel.kind === "im";
  $("title").textContent = isDirect ? channel.name : `#${channel.name}`;
  const count = channel.members.length;
  const told = [isDirect ? "Direct message" : `${count} ${count === 1 ? "member" : "members"}`];
  if (channel.kind === "private") told.push("private");
  if (channel.is_ext_shared) told.push("shared with another organisation");
  if (!channel.has_bot) told.push(`${world.app.name} is not here: /invite @${world.people[world.app.user].name}`);
  $("about").textContent = told.join(" · ");
  const hasTabs = isDirect && channel.with === world.app.user && world.app.has_home;
  $("tabs").hidden = !hasTabs;
  if (hasTabs) {
    $("tabs").replaceChildren(...["home", "messages"].map((name) => el("button", {
      type: "button", role: "tab", class: "tab", "aria-selected": String(page.tab === name), text: name === "home" ? "Home" : "Messages",
      on: { click: () => showTab(name, true) },
    })));
  }
  const globals = world.app.shortcuts.filter((each) => each.type === "global");
  $("shortcuts").hidden = !globals.length;
}

function showTab(name, isAsked = false) {
  page.tab = name;
  const isHome = name === "home" && !$("tabs").hidden;
  $("home").hidden = !isHome;
  $("log-frame").hidden = isHome;
  $("composer").hidden = isHome;
  for (const each of $("tabs").children) each.setAttribute("aria-selected", String(each.textContent.toLowerCase() === name));
  if (isHome && isAsked) tryTo("view/open_home", { as: world.me() }).then(() => page.views.refresh());
  if (!isHome) page.list.toEnd();
}

function drawSide() {
  drawSidebar($("sidebar"), page.channel, (id) => openChannel(id));
  const unread = world.channels.filter((each) => each.unread && each.id !== page.channel).length;
  $("open-sidebar").classList.toggle("has-news", unread > 0);
  $("open-sidebar").setAttribute("aria-label", unread ? `Conversations, ${unread} with news` : "Conversations");
}

function showSidebar(isShown) {
  document.body.classList.toggle("sidebar-open", isShown);
  $("open-sidebar").setAttribute("aria-expanded", String(isShown));
  if (isShown) $("sidebar").querySelector("[aria-current], button")?.focus();
}

// -- reading

function markRead() {
  const channel = world.channel(page.channel);
  if (!channel || !page.list.isAtEnd || document.hidden || !page.list.newest) return;
  const ts = page.list.newest;
  if (ts > channel.read_ts) {
    channel.read_ts = ts;
    act("read", { as: world.me(), channel: channel.id, ts }).catch(() => {});
  }
  channel.unread = channel.pings = 0;
  $("to-newest").hidden = true;
}

async function loadOlder(before) {
  const channel = page.channel;
  const answer = await ask("messages", { as: world.me(), channel, before });
  if (channel === page.channel) page.list.prepend(answer.messages, answer.has_older);
}

// -- what happens

function onMessage(message) {
  if (message.is_deleted) {
    listsOf(message).forEach((each) => each.remove(message.ts));
    if (message.parent) page.list.setThread(message.parent.ts, message.parent.thread);
    return;
  }
  const isMine = message.user === world.me();
  const isHere = message.channel === page.channel;
  if (isHere && message.parent) page.list.setThread(message.parent.ts, message.parent.thread);
  const isNew = listsOf(message).map((each) => each.upsert(message)).some(Boolean);
  const isInChannel = !message.thread_ts || message.is_broadcast;
  if (message.is_new && isInChannel && !isMine && (!isHere || document.hidden || !page.list.isAtEnd)) countUnread(message, isHere);
  if (isHere && isInChannel) {
    if (isMine) page.list.toEnd();
    markRead();
  }
  if ((isNew || !message.is_new) && isHere && !isMine) tellReader(message);
}

/** Return the lists on the page that this message belongs in. */
function listsOf(message) {
  if (message.channel !== page.channel) return [];
  const lists = [];
  if (!message.thread_ts || message.is_broadcast) lists.push(page.list);
  if (page.thread && (message.thread_ts === page.thread || message.ts === page.thread)) lists.push(page.threadList);
  return lists;
}

function countUnread(message, isHere) {
  const channel = world.channel(message.channel);
  if (!channel) {
    refreshChannels(); // a conversation that was not there
    return;
  }
  channel.unread += 1;
  if (channel.kind === "im" || message.text.includes(`<@${world.me()}`)) channel.pings += 1;
  if (isHere) $("to-newest").hidden = false;
  drawSide();
}

function tellReader(message) {
  const who = message.author === "slack" ? "Workspace" : world.userName(message.user) ?? "Somebody";
  const how = message.is_ephemeral ? ", only visible to you" : message.thread_ts ? ", in the thread" : "";
  announce(`${who}${how}: ${spoken(message.text, world)}`);
}

function onTraffic(line) {
  if (line.violations !== undefined) {
    world.violations = line.violations;
    drawVerdict();
  }
  if (line.is_connected !== undefined) {
    world.isConnected = line.is_connected;
    showLink(page.isLost);
  }
  page.panel.tell(line);
}

// -- gestures on messages

async function use(message, block, element, chosen) {
  await tryTo("press", { as: world.me(), channel: message.channel, ts: message.ts, block_id: block.block_id, action_id: element.action_id, chosen });
}

function messageMenu(message, anchor) {
  const shortcuts = world.app.shortcuts.filter((each) => each.type === "message").map((each) => [
    each.name, () => tryTo("view/shortcut", { as: world.me(), callback_id: each.callback_id, channel: message.channel, ts: message.ts }), `${world.app.name} · ${each.description}`,
  ]);
  openMenu(anchor, [
    ...(message.thread_ts ? [] : [["Reply in thread", () => openThread(message.ts)]]),
    ["Copy link", async () => copy((await ask("link", { as: world.me(), channel: message.channel, ts: message.ts })).permalink)],
    ...shortcuts,
    ...(mayDelete(message) ? [["Delete message", () => tryTo("delete", { as: world.me(), channel: message.channel, ts: message.ts })]] : []),
  ], "Message actions");
}

/** One's own; and an app's, as the admins of a workspace may. */
function mayDelete(message) {
  return message.user === world.me() || (message.author === "app" && world.person.role === "member");
}

// -- the thread pane

async function openThread(ts) {
  const answer = await ask("thread", { as: world.me(), channel: page.channel, ts });
  page.thread = ts;
  $("thread").hidden = false;
  document.body.classList.add("thread-open");
  if (innerWidth < 1280) showPanel(false);
  const channel = world.channel(page.channel);
  $("thread-where").textContent = channel.kind === "im" ? channel.name : `#${channel.name}`;
  page.threadList.show(answer.messages);
  page.threadComposer.moved();
  writeAddress();
  page.threadComposer.focus();
}

function closeThread() {
  if (!page.thread) return;
  const ts = page.thread;
  page.thread = "";
  $("thread").hidden = true;
  document.body.classList.remove("thread-open");
  writeAddress();
  const { node } = page.list.rows.get(ts) ?? {};
  (node?.querySelector(".thread-bar") ?? node?.querySelector(".message") ?? $("conversation")).focus();
}

// -- panel, guide

async function showPanel(isShown, isKept = true) {
  $("panel").hidden = !isShown;
  document.body.classList.toggle("panel-open", isShown);
  $("open-panel").setAttribute("aria-expanded", String(isShown));
  if (isKept) kept.set("panel", isShown);
  if (isShown && world.person) await page.panel.open();
}

function closePanel() {
  showPanel(false);
  $("open-panel").focus();
}

function showGuide(isShown) {
  $("guide").hidden = !isShown;
  kept.set("guide", isShown);
  if (isShown) drawGuide($("guide"), { go: tryThing, close: () => { showGuide(false); $("open-guide").focus(); } });
}

async function tryThing(thing) {
  if (thing.kind === "flip") {
    if (thing.channel !== "dm") await openChannel(world.channelCalled(thing.channel.slice(1)).id, { isQuiet: true });
    // The panel stays shut: what is told is in the channel, which it would hide.
    const isDown = await page.panel.flip(thing.text);
    toast(isDown ? `${thing.text} is down at the platform now. Press again, and it is up.` : `${thing.text} is up again at the platform.`);
  } else if (thing.kind === "thread") {
    await openChannel(world.channelCalled(thing.channel.slice(1)).id, { isQuiet: true });
    const found = [...page.list.rows.values()].find((each) => each.message.text.startsWith(thing.thread));
    if (!found) return toast("That message is not among the newest any more: reply to any other one.");
    await openThread(found.message.ts);
    await page.threadComposer.say(thing.text);
  } else {
    await openChannel(thing.channel === "dm" ? world.direct().id : world.channelCalled(thing.channel.slice(1)).id, { isQuiet: true });
    await page.composer.say(thing.text);
  }
  if (isNarrow()) showGuide(false);
  else showGuide(!$("guide").hidden);
  return undefined;
}

// -- putting it together

function build() {
  applyTheme();
  dress($("open-sidebar"), "menu", "Conversations", () => showSidebar(!document.body.classList.contains("sidebar-open")));
  dress($("settings"), "gear", "Settings", openSettings);
  dress($("open-guide"), "help", "First steps", () => showGuide($("guide").hidden));
  dress($("shortcuts"), "bolt", "Shortcuts", (event) => openMenu(event.currentTarget, world.app.shortcuts.filter((each) => each.type === "global").map((each) => [
    each.name, () => tryTo("view/shortcut", { as: world.me(), callback_id: each.callback_id, channel: page.channel }), each.description,
  ]), "Shortcuts"));
  $("open-panel").addEventListener("click", () => showPanel($("panel").hidden));
  $("actor").addEventListener("change", (event) => begin(event.target.value));
  $("to-newest").addEventListener("click", () => { page.list.toEnd(); markRead(); drawSide(); });
  $("conversation").addEventListener("click", () => document.body.classList.contains("sidebar-open") && showSidebar(false));
  listenToKeys({ showSidebar, closeThread, closePanel });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { markRead(); drawSide(); } });

  const hooks = { use, openThread: (message) => openThread(message.thread_ts ?? message.ts), menu: messageMenu };
  world.open = (id) => openChannel(id); // a #channel in a message leads there
  page.list = new MessageList($("log-frame"), $("log"), { ...hooks, older: loadOlder, seen: () => { markRead(); drawSide(); } });
  page.composer = new Composer($("composer"), () => {
    const channel = world.channel(page.channel);
    return { channel: page.channel, label: channel?.kind === "im" ? `Message ${channel.name}` : `Message #${channel?.name ?? ""}` };
  }, { onSent: afterSending });

  const threadLog = el("div", { class: "log", id: "thread-log", role: "log", "aria-live": "off", "aria-label": "Thread", tabindex: "-1" });
  const threadComposer = el("div");
  $("thread").append(
    el("div", { class: "pane-head" }, el("h2", { text: "Thread" }), el("span", { id: "thread-where" }), iconButton("close", "Close the thread", closeThread)),
    el("div", { class: "log-frame" }, threadLog), threadComposer);
  page.threadList = new MessageList(threadLog.parentNode, threadLog, hooks, { isThread: true });
  page.threadComposer = new Composer(threadComposer, () => ({ channel: page.channel, thread: page.thread, label: "Reply…" }), { canBroadcast: true });
  page.panel = new Panel($("panel"), closePanel);
  page.views = new Views($("home"));
}

/** Slack's own commands change who is where. */
function afterSending(text) {
  return /^\/(invite|remove)\b/.test(text) ? refreshChannels() : undefined;
}

async function refreshChannels() {
  const answer = await ask("state", { as: world.me() });
  world.channels = answer.channels;
  const open = world.channel(page.channel);
  if (open) drawHead(open);
  drawSide();
}

async function start() {
  build();
  if (kept.get("panel", innerWidth >= 1500) && !isNarrow()) await showPanel(true, false);
  await begin(tab.get("as", "")).catch(() => begin(""));
  if (kept.get("guide", true) && world.tour.tries.length) showGuide(true);
}

start();

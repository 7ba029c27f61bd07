// The page's server: questions, gestures, and the stream of what happens.

import { toast } from "./dom.js";

/** What the server said no to; `message` is its sentence. */
export class Refused extends Error {}

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.error ?? body.message ?? `the workspace answered ${response.status}`);
  return body;
}

/** Ask for JSON: ask("messages", {channel}). */
export async function ask(name, query = {}) {
  const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined));
  return answer(await fetch(`/api/${name}?${words}`));
}

/** Do something, and return the answer: act("send", {…}). */
export async function act(name, body) {
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return answer(await fetch(`/api/${name}`, request));
}

/** Do something on behalf of a person; a refusal, or a workspace that is not there, is told and gives null. */
export async function tryTo(name, body) {
  try {
    return await act(name, body);
  } catch (error) {
    toast(error instanceof Refused ? error.message : "The workspace does not answer. Is the demo still running?");
    return null;
  }
}

/** Follow what happens for `person`; comes back by itself until `stop()`. `listeners` go by the event's name. */
export function follow(person, after, listeners) {
  let source = null;
  let timer = 0;
  let position = after;
  let isOver = false;
  const open = () => {
    source = new EventSource(`/api/events?${new URLSearchParams({ as: person, after: position })}`);
    for (const [name, listener] of Object.entries(listeners)) {
      source.addEventListener(name, (event) => {
        if (event.lastEventId) position = event.lastEventId;
        if (event.data !== undefined) listener(JSON.parse(event.data));
      });
    }
    source.onerror = () => {
      if (isOver) return;
      listeners.lost?.();
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, 700);
    };
  };
  open();
  return {
    stop() {
      isOver = true;
      clearTimeout(timer);
      source.close();
    },
  };
}

// What the page knows: who acts, who and what there is, and what this browser remembers.

/** The workspace as the server told it last; replaced whole by `load`. */
export const world = {
  run: "",
  seq: 0,
  person: null,
  actors: [],
  people: {},
  channels: [],
  app: { user: "", name: "", commands: [], shortcuts: [], has_home: false },
  tour: { tries: [], next_steps: [], completions: {} },
  isConnected: true,
  violations: 0,
  hasPlatform: false,

  me: () => world.person?.id ?? "",
  zone: () => world.person?.tz ?? "UTC",
  now: () => new Date(),
  userName: (id) => world.people[id]?.real_name,
  channelName: (id) => world.channels.find((each) => each.id === id)?.name,
  channel: (id) => world.channels.find((each) => each.id === id),
  channelCalled: (name) => world.channels.find((each) => each.name === name && each.kind !== "im"),
  direct: () => world.channels.find((each) => each.kind === "im" && each.with === world.app.user),
};

/** Take over the server's answer. */
export function load(answer) {
  Object.assign(world, {
    run: answer.run,
    seq: answer.seq,
    actors: answer.actors,
    people: answer.people,
    person: answer.people[answer.me],
    channels: answer.channels,
    app: { shortcuts: [], has_home: false, ...answer.app },
    tour: answer.tour,
    isConnected: answer.is_connected,
    violations: answer.violations,
    hasPlatform: answer.has_platform,
  });
}

function remembered(storage, name, fallback) {
  try {
    const text = storage.getItem(`callwatch.${name}`);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback; // a browser that keeps nothing still shows the page
  }
}

function remember(storage, name, value) {
  try {
    storage.setItem(`callwatch.${name}`, JSON.stringify(value));
  } catch {
    // likewise
  }
}

/** Things that stay in this browser: theme, keyboard, panel, guide. */
export const kept = {
  get: (name, fallback) => remembered(localStorage, name, fallback),
  set: (name, value) => remember(localStorage, name, value),
};

/** Things of this tab alone: who acts, what was typed. */
export const tab = {
  get: (name, fallback) => remembered(sessionStorage, name, fallback),
  set: (name, value) => remember(sessionStorage, name, value),
};

/** The switches of the keyboard that are on, by the server's names. */
export const keyboard = () => kept.get("keyboard", []);

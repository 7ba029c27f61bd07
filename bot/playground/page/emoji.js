// Emoji by name: those that bots and people use most. A name that is not here stays what it is, `:name:`.

const SYMBOLS = {
  "+1": "👍", "-1": "👎", thumbsup: "👍", thumbsdown: "👎", wave: "👋", eyes: "👀", tada: "🎉", pray: "🙏", clap: "👏",
  ok_hand: "👌", raised_hands: "🙌", muscle: "💪", smile: "😄", slightly_smiling_face: "🙂", joy: "😂", cry: "😢",
  thinking_face: "🤔", heart: "❤️", fire: "🔥", rocket: "🚀", sparkles: "✨", star: "⭐", bulb: "💡", zap: "⚡",
  bell: "🔔", no_bell: "🔕", mute: "🔇", speaker: "🔈", telephone_receiver: "📞", phone: "☎️", telephone: "☎️",
  iphone: "📱", calendar: "📅", spiral_calendar_pad: "🗓️", clock1: "🕐", stopwatch: "⏱️", alarm_clock: "⏰",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", warning: "⚠️", rotating_light: "🚨", construction: "🚧",
  no_entry: "⛔", no_entry_sign: "🚫", x: "❌", white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️",
  question: "❓", grey_question: "❔", exclamation: "❗", information_source: "ℹ️", bar_chart: "📊",
  chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", memo: "📝", page_facing_up: "📄", paperclip: "📎",
  link: "🔗", lock: "🔒", unlock: "🔓", key: "🔑", gear: "⚙️", wrench: "🔧", hammer_and_wrench: "🛠️", mag: "🔍",
  arrow_up: "⬆️", arrow_down: "⬇️", arrow_right: "➡️", arrow_left: "⬅️", arrows_counterclockwise: "🔄", repeat: "🔁",
  small_red_triangle: "🔺", small_red_triangle_down: "🔻", house: "🏠", globe_with_meridians: "🌐", satellite: "🛰️",
  robot_face: "🤖", speech_balloon: "💬", thread: "🧵", pushpin: "📌", sunny: "☀️", cloud: "☁️", snowflake: "❄️",
};

// Drawn by the page's style: these carry meaning, and not every machine has coloured glyphs for them.
const CIRCLES = {
  red_circle: "red", large_red_circle: "red", large_orange_circle: "orange", large_yellow_circle: "yellow",
  large_green_circle: "green", large_blue_circle: "blue", white_circle: "white", black_circle: "black",
};

/** Return the node for an emoji, or null when the name is not known. */
export function emojiNode(name) {
  const plain = name.replace(/::skin-tone-\d$/, "");
  const circle = CIRCLES[plain];
  const symbol = SYMBOLS[plain];
  if (!circle && !symbol) return null;
  const node = document.createElement("span");
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", plain.replaceAll("_", " "));
  node.title = `:${name}:`;
  node.className = circle ? `emoji circle circle-${circle}` : "emoji";
  if (symbol) node.textContent = symbol;
  return node;
}

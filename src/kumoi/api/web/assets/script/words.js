// What scripts say, in the page's language.

const words = JSON.parse(document.getElementById("words")?.textContent || "{}");

export function say(key, facts = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
}

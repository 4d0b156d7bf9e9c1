// Which keys make a text on a guest's keyboard. A guest sees keys and not letters, so the text must be typed as on the
// keyboard that the guest believes to have.

const KEYS = {
  us: {
    Backquote: "`~", Digit1: "1!", Digit2: "2@", Digit3: "3#", Digit4: "4$", Digit5: "5%", Digit6: "6^", Digit7: "7&",
    Digit8: "8*", Digit9: "9(", Digit0: "0)", Minus: "-_", Equal: "=+", BracketLeft: "[{", BracketRight: "]}",
    Backslash: "\\|", Semicolon: ";:", Quote: "'\"", Comma: ",<", Period: ".>", Slash: "/?",
  },
  jp: {
    Digit1: "1!", Digit2: "2\"", Digit3: "3#", Digit4: "4$", Digit5: "5%", Digit6: "6&", Digit7: "7'", Digit8: "8(",
    Digit9: "9)", Digit0: "0", Minus: "-=", Equal: "^~", IntlYen: "\\|", BracketLeft: "@`", BracketRight: "[{",
    Semicolon: ";+", Quote: ":*", Backslash: "]}", Comma: ",<", Period: ".>", Slash: "/?", IntlRo: "\\_",
  },
};
const EVERYWHERE = { Space: " ", Enter: "\n", Tab: "\t" };

// By character: the key, and whether Shift is held.
export function keyboard(name) {
  const found = new Map();
  for (const [code, characters] of Object.entries({ ...KEYS[name], ...EVERYWHERE })) {
    [...characters].forEach((character, shifted) => {
      if (!found.has(character)) found.set(character, { code, shifted: shifted === 1 });
    });
  }
  for (const letter of "abcdefghijklmnopqrstuvwxyz") {
    const code = `Key${letter.toUpperCase()}`;
    found.set(letter, { code, shifted: false });
    found.set(letter.toUpperCase(), { code, shifted: true });
  }
  return found;
}

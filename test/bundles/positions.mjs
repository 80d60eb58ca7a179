/** Compares `inCode` with the tokens that acorn's parser finds, at every token and comment of a file. */

/** @returns the tokens and comments of a text, each with whether it is code; undefined where acorn cannot parse it */
export function tokensOf(text, acorn) {
  for (const sourceType of ['module', 'script']) {
    const pieces = [];
    const note = (start, end, isCode) => {
      if (end > start) pieces.push({ start, end, isCode });
    };
    const { string, regexp, template, invalidTemplate, backQuote, dollarBraceL } = acorn.tokTypes;
    const inText = new Set([string, regexp, template, invalidTemplate, backQuote, dollarBraceL]);
    try {
      acorn.parse(text, {
        ecmaVersion: 'latest',
        sourceType,
        allowHashBang: true,
        allowReturnOutsideFunction: true,
        allowAwaitOutsideFunction: true,
        allowImportExportEverywhere: true,
        allowSuperOutsideMethod: true,
        onToken: ({ type, start, end }) => note(start, end, !inText.has(type)),
        onComment: (_block, _text, start, end) => note(start, end, false),
      });
      return pieces.sort((a, b) => a.start - b.start);
    } catch {
      // Perhaps the other kind of source.
    }
  }
  return undefined;
}

/** @returns what differs, as texts; `undefined` in the place of a list if `inCode` could not read the text */
export function differences(text, pieces, inCode) {
  const positions = [];
  const expected = [];
  for (const { start, end, isCode } of pieces) {
    const middle = (start + end) >> 1;
    for (const at of middle > start ? [start, middle] : [start]) {
      if (at <= positions.at(-1)) continue;
      positions.push(at);
      expected.push(isCode);
    }
  }
  const found = inCode(Buffer.from(text), bytePositions(text, positions));
  if (found === undefined) return undefined;
  const wrong = positions.filter((_, index) => found[index] !== expected[index]);
  return wrong.map((at) => `${at}: ${JSON.stringify(text.slice(Math.max(0, at - 60), at + 30))}`);
}

/** Where the characters of a text are in its bytes. A position in the middle of a character is that of the character. */
function bytePositions(text, positions) {
  let [known, bytes] = [0, 0];
  return positions.map((position) => {
    const start = /^[\udc00-\udfff]/.test(text[position]) ? position - 1 : position;
    bytes += Buffer.byteLength(text.slice(known, start));
    known = start;
    return bytes;
  });
}

/** Percent-encoding, decoded once. What does not encode UTF-8 stays as it is, next to what does. */

/** One percent-encoded character. Matches well-formed UTF-8 alone (table 3-7 of the Unicode Standard): decoding cannot fail. */
export const ENCODED_CHARACTER = new RegExp(
  [
    '%[0-7][\\dA-F]',
    '%(?:C[2-9A-F]|D[\\dA-F])TAIL',
    '%E(?:0%[AB][\\dA-F]|[1-9A-CEF]TAIL|D%[89][\\dA-F])TAIL',
    '%F(?:0%[9AB][\\dA-F]|[1-3]TAIL|4%8[\\dA-F])TAIL{2}',
  ]
    .join('|')
    .replaceAll('TAIL', '(?:%[89AB][\\dA-F])'),
  'gi',
);

/** Decodes every character that is percent-encoded. */
export function percentDecoded(text: string): string {
  return text.includes('%') ? text.replace(ENCODED_CHARACTER, decodeURIComponent) : text;
}

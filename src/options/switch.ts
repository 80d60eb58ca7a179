/** The switch that turns everything off. It imports nothing: `register` reads it before it loads the package. */

/** Its environment variable. */
export const ENABLED_VARIABLE = 'MCP_TRAIL_ENABLED';

const BOOLEAN_WORDS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['off', false],
  ['0', false],
]);

/** The boolean that a word in any case stands for; undefined for other text. */
export function booleanWord(text: string): boolean | undefined {
  return BOOLEAN_WORDS.get(text.toLowerCase());
}

/** Whether the environment turns everything off, unless code insists. Reports nothing: it is asked before anything is used. */
export function isSwitchedOff(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return booleanWord(env[ENABLED_VARIABLE]?.trim() ?? '') === false;
}

/** Makes a script of `dist/` short: no white space, and short names for all but its functions and classes. */
import { SourceMap } from 'node:module';
import { transform } from 'esbuild';

/**
 * What a stack trace shows: the names of functions, classes and private methods, in text as the compiler prints it. Those at
 * the top of a script stay anyway. Names of one or two characters could be those that others get.
 */
const NAMES =
  /(?<=\b(?:function\*?|class) )\w{3,}|#?\b\w{3,}(?= = (?:async )?(?:function\b|class\b|\w+ =>|\(.*\) =>))|#\w{2,}(?=\()/g;

/** A name, or a word of a text that looks like one. */
const WORD = /#?[A-Za-z_$][\w$]*/g;

/** The compiler shortens every name; its source map says what each was. */
export async function shortened(text, settings) {
  const { code, map } = await transform(text, {
    ...settings,
    minifyIdentifiers: true,
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: 'external',
  });
  const kept = new Set(text.match(NAMES));
  const sources = new SourceMap(JSON.parse(map));
  const lines = code.split('\n').map((line, row) =>
    line.replace(WORD, (word, column) => {
      const { name, generatedLine, generatedColumn } = sources.findEntry(row, column);
      return generatedLine === row && generatedColumn === column && kept.has(name) ? name : word;
    }),
  );
  return lines.join('\n');
}

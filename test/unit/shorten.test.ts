/** What a script of `dist/` keeps when it is made short. */
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { shortened } from '../../src/shorten.mjs';

/** Of every kind of function that has a name, one that calls the next; the last one throws. */
const SCRIPT = `
function atTheTop(argument) {
  function declared() {
    assigned();
  }
  const assigned = (first, second) => expression();
  const expression = function() {
    new Local().method();
  };
  class Local {
    #field = (value) => this.#hidden({ value });
    method() {
      this.#field(1);
    }
    #hidden({ value }) {
      assignedLater(value);
    }
  }
  let assignedLater;
  assignedLater = (given) => {
    throw new Error("thrown");
  };
  return declared();
}
`;

const shorten = (text: string): Promise<string> => shortened(text, { target: 'node20' });

it('shows the names of all functions in a stack trace', async () => {
  const trace: string = runInNewContext(`${await shorten(SCRIPT)}; try { atTheTop() } catch (error) { error.stack }`);
  const names = [...trace.matchAll(/^ +at ([\w.#]+) \(evalmachine/gm)].map(([, name]) => name);
  expect(names).toEqual([
    'assignedLater',
    '#hidden',
    '#field',
    'Local.method',
    'expression',
    'assigned',
    'declared',
    'atTheTop',
  ]);
});

it('shortens all other names, and leaves texts and members as they are', async () => {
  const text = await shorten('function show(given) {\n  return { given, text: "given", member: given.given };\n}\n');
  expect(text).toBe('function show(e){return{given:e,text:"given",member:e.given}}\n');
});

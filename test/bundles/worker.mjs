/** Prepares and runs the rows that `run.mjs` names, one at a time: bundlers and parsers compute, and keep a process from all else. */
import { plainEnvironment, platform } from '../matrix/packages.mjs';
import { everything } from './everything.mjs';
import { checkSeen, checkUnchanged, checkUnseen, listed } from './judge.mjs';
import { observe, place } from './observe.mjs';
import { runPublished } from './published.mjs';
import { runStacks } from './stacks.mjs';
import { placeWay } from './ways.mjs';

async function runRow(row, files) {
  const { node } = await platform(row.node);
  const env = plainEnvironment();
  const without = await observe(row, files, { node, env, withUs: false });
  for (let times = row.again ? 2 : 1; times > 0; times -= 1) {
    const withUs = await observe(row, files, { node, env, withUs: true });
    try {
      checkUnchanged(without, withUs);
      if (row.isSeen) checkSeen(row, withUs);
      else checkUnseen(withUs);
    } catch (error) {
      throw new Error(`${error.message}\n${listed(withUs)}`, { cause: error });
    }
  }
}

const kinds = {
  way: async (row, scratch) => runRow(row, await placeWay(row, scratch)),
  stacks: runStacks,
  published: runPublished,
};

process.on('message', async ({ name, scratch }) => {
  const row = everything.find((each) => each.name === name);
  const perform = kinds[row.type] ?? (async () => runRow(row, await place(row, scratch)));
  const start = performance.now();
  const result = await perform(row, scratch).then(
    (note) => ({ note }),
    (error) => ({ error: String(error.stack) }),
  );
  process.send({ ...result, seconds: (performance.now() - start) / 1000 });
});
process.once('disconnect', () => process.exit());

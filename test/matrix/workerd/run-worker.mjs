/** Runs a worker with the Miniflare at a path, and prints its answer. */
import { pathToFileURL } from 'node:url';

const [miniflare, scriptPath] = process.argv.slice(2);
const { Miniflare } = await import(pathToFileURL(miniflare).href);
const worker = new Miniflare({
  modules: true,
  scriptPath,
  compatibilityDate: '2026-07-01',
  compatibilityFlags: ['nodejs_compat'],
});
const answer = await worker.dispatchFetch('http://localhost/');
process.stdout.write(await answer.text());
await worker.dispose();

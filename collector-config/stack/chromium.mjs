/** Opens pages in a headless Chromium. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const TIMEOUT_MS = 180_000;
/** A page has this long for its requests and drawing; the clock runs only while none of them is waited for. */
const PAGE_MS = 20_000;

/** The path of the first Chromium in PATH. */
export const findChromium = () =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(existsSync);

/** Tall: what is out of sight of a long list is not in the document. */
const TALL = '--window-size=1280,4000';

/** The document of a page once its scripts have drawn it, as HTML. @param {string} url */
export const documentOf = (url) => chromium([`--virtual-time-budget=${PAGE_MS}`, TALL, '--dump-dom', url]);

/** Writes a picture of a page, as PNG. @param {string} url @param {string} file @param {{ width: number, height: number }} size */
export async function picture(url, file, { width, height }) {
  await mkdir(dirname(file), { recursive: true });
  const size = `--window-size=${width},${height}`;
  await chromium([`--virtual-time-budget=${PAGE_MS}`, `--screenshot=${file}`, size, '--hide-scrollbars', url]);
}

/** @param {string[]} args @returns {Promise<string>} its output */
async function chromium(args) {
  const file = findChromium();
  if (!file) throw new Error(`no Chromium in PATH (${NAMES.join(', ')}); on Debian: apt-get install chromium`);
  const profile = await mkdtemp(join(tmpdir(), 'mcp-trail-chromium-'));
  // Its sandbox does not work for root. It only opens pages of our own programs.
  const common = ['--headless', '--disable-gpu', '--disable-dev-shm-usage', `--user-data-dir=${profile}`];
  if (process.getuid?.() === 0) common.push('--no-sandbox');
  try {
    const { stdout } = await promisify(execFile)(file, [...common, ...args], {
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 2 ** 24,
    });
    return stdout;
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

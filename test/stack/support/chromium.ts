import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findChromium } from '../../../collector-config/stack/chromium.mjs';

/** Installs Debian's Chromium where there is none. */
export async function installChromium(): Promise<void> {
  if (findChromium()) return;
  try {
    console.log('installing Chromium with apt-get');
    await promisify(execFile)('apt-get', ['update']);
    await promisify(execFile)('apt-get', ['install', '--yes', '--no-install-recommends', 'chromium']);
  } catch (error) {
    throw new Error(`the test of the page needs Chromium; on Debian, as root: apt-get install chromium\n${error}`);
  }
}

/** `audit.toolLock` with `enforce`: what is not as locked is not called. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { lockText } from '../../src/cli/inventory/lock.js';
import { inventory } from '../../src/index.js';
import { makeToolLock } from '../../src/inventory/make-tool-lock.js';
import { auditScenarios, ending, expectAudited } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type Flavour, text } from '../support/flavours.js';

const { telemetry, audit } = auditScenarios();
const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-enforced-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let stderr: string[] = [];
beforeEach(() => {
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => stderr.push(String(line)) > 0);
  return () => vi.restoreAllMocks();
});

type Side = 'client' | 'server';
type Offer = Readonly<Record<string, string>>;

let servers = 0;
const OFFER = { look: 'looks', pay: 'pays' };

async function offering(flavour: Flavour, name: string, offer: Offer, instrument: Side, auditing: object) {
  const calls: string[] = [];
  const registered: Record<string, any> = {};
  const configure = (mcp: any) => {
    mcp.server._serverInfo = { name, version: '1.0.0' };
    for (const [tool, description] of Object.entries(offer)) {
      const shape = { q: z.string().optional() };
      const inputSchema = flavour.sdk === 'v1' ? shape : z.looseObject(shape);
      registered[tool] = mcp.registerTool(tool, { description, inputSchema }, () => {
        calls.push(tool);
        return text('ok');
      });
    }
  };
  const pair = await flavour.pair({ config: { audit: auditing }, instrument, configure });
  const call = async (tool: string) => {
    try {
      return (await pair.client.callTool({ name: tool, arguments: {} })).content[0].text;
    } catch (error) {
      const { code, data, message } = error as any;
      return code === -32603 && message.includes('Refused: this tool is not as it was reviewed') ? data : error;
    }
  };
  const list = () => pair.client.listTools({}, { cacheMode: 'refresh' });
  return { ...pair, call, list, calls, registered };
}

async function lockFor(flavour: Flavour, offer: Offer): Promise<{ name: string; file: string }> {
  const name = `enforced-${++servers}`;
  const pair = await offering(flavour, name, offer, 'client', {});
  await pair.list();
  await expectNothingOpen(telemetry);
  await pair.close();
  const file = join(folder, `${name}.json`);
  const known = inventory()?.servers.filter((each) => each.name === name) ?? [];
  writeFileSync(file, lockText(makeToolLock({ servers: known }).document));
  audit.reset();
  telemetry.reset();
  return { name, file };
}

const REFUSED = { reason: 'tool_not_locked' };
const SIDES = FLAVOURS.flatMap((flavour) => (['client', 'server'] as const).map((side) => ({ flavour, side })));

describe.each(SIDES)('an enforced lock, on $flavour.name, $side', ({ flavour, side }) => {
  it('lets tools pass that are as locked, before and after they are listed', async () => {
    const { name, file } = await lockFor(flavour, OFFER);
    const pair = await offering(flavour, name, OFFER, side, { toolLock: { file, enforce: true } });
    expect(await pair.call('pay')).toBe('ok');
    await pair.list();
    expect([await pair.call('pay'), await pair.call('look')]).toEqual(['ok', 'ok']);
    await pair.close();
  });

  it('refuses a tool from the list on that shows that it differs, until it is as locked again', async () => {
    const { name, file } = await lockFor(flavour, OFFER);
    const pair = await offering(flavour, name, { ...OFFER, pay: 'pays\u200b' }, side, {
      toolLock: { file, enforce: true },
    });
    const before = await pair.call('pay');
    const { tools } = await pair.list();
    telemetry.reset();
    audit.reset();
    const after = [await pair.call('pay'), await pair.call('look')];
    expect(tools.map((tool: any) => tool.name).sort()).toEqual(['look', 'pay']);
    expect([before, ...after]).toEqual(['ok', REFUSED, 'ok']);
    expect(pair.calls).toEqual(['pay', 'look']);
    await expectNothingOpen(telemetry);
    const [span] = telemetry.all(side, 'tools/call pay');
    expect(span?.attributes['error.type']).toBe('tool_not_locked');
    const [refused] = audit.of('mcp_audit.response', side);
    expect(refused).toMatchObject({
      'gen_ai.tool.name': 'pay',
      'mcp_audit.status': 'denied',
      'error.type': 'tool_not_locked',
      severity_text: 'WARN',
    });
    pair.registered['pay'].update({ description: 'pays' });
    await pair.list();
    expect(await pair.call('pay')).toBe('ok');
    await pair.close();
  });

  it('refuses a tool that the lock does not have, by its name alone', async () => {
    const { name, file } = await lockFor(flavour, OFFER);
    const pair = await offering(flavour, name, { ...OFFER, wipe: 'wipes' }, side, {
      toolLock: { file, enforce: true },
    });
    expect(await pair.call('wipe')).toEqual(REFUSED);
    await pair.list();
    expect([await pair.call('wipe'), await pair.call('pay'), pair.calls]).toEqual([REFUSED, 'ok', ['pay']]);
    await pair.close();
  });

  it('refuses every tool of a server that the lock does not have', async () => {
    const { file } = await lockFor(flavour, OFFER);
    const pair = await offering(flavour, `enforced-${++servers}`, OFFER, side, { toolLock: { file, enforce: true } });
    expect([await pair.call('pay'), pair.calls]).toEqual([REFUSED, []]);
    await pair.close();
  });
});

describe('an enforced lock', () => {
  const flavour = FLAVOURS[0] as Flavour;

  it('that cannot be read refuses every call, and says so', async () => {
    const file = join(folder, 'missing.json');
    const pair = await offering(flavour, `enforced-${++servers}`, OFFER, 'server', {
      toolLock: { file, enforce: true },
    });
    expect(await pair.call('pay')).toEqual(REFUSED);
    await pair.close();
    expect(stderr.filter((line) => line.includes('missing.json'))).toEqual([
      expect.stringMatching(/^mcp-trail: option audit\.toolLock: .*There is no lock\. Every tool call is refused\n$/),
    ]);
  });

  it('does not depend on where records go, or whether they are kept', async () => {
    const { name, file } = await lockFor(flavour, OFFER);
    const sinks = [{ name: 'own', accept: () => false }];
    const auditing = { toolLock: { file, enforce: true }, sinks, attempts: 'never' };
    const pair = await offering(flavour, name, { ...OFFER, wipe: 'wipes' }, 'server', auditing);
    expect([await pair.call('wipe'), await pair.call('pay')]).toEqual([REFUSED, 'ok']);
    await pair.close();
  });

  it('is not enforced unless that is asked for', async () => {
    const { name, file } = await lockFor(flavour, OFFER);
    const pair = await offering(flavour, name, { ...OFFER, wipe: 'wipes' }, 'server', { toolLock: file });
    expect(await pair.call('wipe')).toBe('ok');
    await expectAudited({ telemetry, audit }, 'tools/call', { server: ending('ok') });
    await pair.close();
  });
});

import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  instrumentServer,
  inventory,
  McpInstrumentation,
  recordAuthorization,
  recordConfigChange,
} from '../../src/index.js';
import type { PolicyDocument } from '../../src/policy/rule.js';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { deferred } from '../support/deferred.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';

const { telemetry, audit } = auditScenarios();
const config = { audit: true } as const;
const FINE = { name: 'fine', handler: () => text('ok') };
const events = () => audit.records.map((each) => each.event_name.replace('mcp_audit.', ''));

// The order of these tests matters: auditing is per process.
describe('without auditing', () => {
  it('the application’s events are not recorded, which is not reported as a failure', async () => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const pair = await FLAVOURS[0]?.pair({ config: {}, tools: [FINE] });
    await pair?.client.callTool({ name: 'fine', arguments: {} });
    expect([recordAuthorization({ decision: 'deny' }), recordConfigChange({ item: 'x' })]).toEqual([false, false]);
    expect(inventory()).toBeUndefined();
    await pair?.close();
    expect(written).not.toHaveBeenCalled();
    written.mockRestore();
    expect(audit.records).toEqual([]);
  });

  it('an instrumentation that is not enabled records nothing, whatever its options', async () => {
    const off = new McpInstrumentation({ enabled: false, audit: true });
    const pair = await FLAVOURS[0]?.pair({ config: { enabled: false, audit: true }, tools: [FINE] });
    await pair?.client.callTool({ name: 'fine', arguments: {} });
    expect(recordConfigChange({ item: 'x' })).toBe(false);
    await pair?.close();
    off.disable();
    expect(audit.records).toEqual([]);
  });
});

describe('the audit trail', () => {
  it('begins with a record of its start, and ends with one of its stop', () => {
    const instrumentation = new McpInstrumentation(config);
    expect(events()).toEqual([]);
    recordConfigChange({ item: 'x' });
    expect(events()).toEqual(['started', 'config.changed']);
    instrumentation.disable();
    expect(events()).toEqual(['started', 'config.changed', 'stopped']);
    for (const each of audit.records.filter(({ event_name }) => event_name !== 'mcp_audit.config.changed')) {
      expect(each).toMatchObject({
        'audit.actor.id': 'mcp-trail',
        'audit.actor.type': 'system',
        'audit.target.type': 'config',
        'audit.outcome': 'success',
      });
    }
    expect(recordConfigChange({ item: 'y' })).toBe(false);
  });

  it('has both even if nothing happened in between', () => {
    new McpInstrumentation(config).disable();
    expect(events()).toEqual(['started', 'stopped']);
  });

  it('starts again when it is enabled again', () => {
    const instrumentation = new McpInstrumentation(config);
    instrumentation.disable();
    instrumentation.enable();
    recordConfigChange({ item: 'x' });
    instrumentation.disable();
    instrumentation.disable();
    expect(events()).toEqual(['started', 'stopped', 'started', 'config.changed', 'stopped']);
  });

  it('stops with the last of two instrumentations', () => {
    const [one, two] = [new McpInstrumentation(config), new McpInstrumentation(config)];
    recordConfigChange({ item: 'x' });
    one.disable();
    expect(events()).toEqual(['started', 'config.changed']);
    expect(recordConfigChange({ item: 'y' })).toBe(true);
    two.disable();
    expect(events()).toEqual(['started', 'config.changed', 'config.changed', 'stopped']);
  });

  it.each(FLAVOURS)('ends what is open before it stops, on $name', async (flavour) => {
    const called = deferred();
    const done = deferred();
    const handler = async () => {
      called.resolve();
      await done.promise;
      return text('late');
    };
    const instrumentation = new McpInstrumentation(config);
    const pair = await flavour.pair({ config, tools: [{ name: 'wait', handler }, FINE] });
    const result = pair.client.callTool({ name: 'wait', arguments: {} });
    await called.promise;
    instrumentation.disable();
    expect(events()).not.toContain('stopped');
    done.resolve();
    expect((await result).content).toEqual(text('late').content);
    await expectNothingOpen(telemetry);
    for (const handle of [...pair.handles, instrumentServer(pair.server)]) handle.disable();
    expect(events().at(-1)).toBe('stopped');
    await pair.client.callTool({ name: 'fine', arguments: {} });
    expect(pairsOf(audit, 'client', 'tools/call')).toHaveLength(1);
    await pair.close();
  });

  it('stops with the last handle of instances that were instrumented manually', async () => {
    const pair = await FLAVOURS[0]?.pair({ config, tools: [FINE] });
    await pair?.client.callTool({ name: 'fine', arguments: {} });
    await expectNothingOpen(telemetry);
    expect(events()[0]).toBe('started');
    audit.reset();
    const [one, two] = pair?.handles ?? [];
    one?.disable();
    one?.disable();
    expect(events()).toEqual([]);
    two?.disable();
    expect(events()).toEqual(['stopped']);
    await pair?.close();
  });
});

describe.each(FLAVOURS)('the fields of a policy, on $name', (flavour) => {
  const policy: PolicyDocument = {
    version: 1,
    tags: ['SOC2'],
    rules: [
      { id: 'money', tool: 'pay*', verb: 'write', sensitivity: 'restricted', sensitive: true, tags: ['PCI-DSS'] },
      { id: 'large', tool: 'pay', arguments: { amount: { min: 1000 } }, sensitivity: 'highly_restricted' },
    ],
    capture: { tools: { pay: { arguments: { currency: { type: 'enum', values: ['EUR', 'USD'] } } } } },
  };

  it('are in the records of its targets, with the listed arguments only', async () => {
    const pair = await flavour.pair({
      config: { audit: { policy } },
      tools: [
        {
          name: 'pay',
          input: { amount: z.number(), currency: z.string(), iban: z.string() },
          handler: () => text('paid'),
        },
      ],
    });
    await pair.client.callTool({ name: 'pay', arguments: { amount: 987_654_321, currency: 'EUR', iban: 'DE-secret' } });
    await expectNothingOpen(telemetry);
    const calls = telemetry.spans.filter(({ name }) => name === 'tools/call pay');
    expect(calls).toHaveLength(2);
    for (const { attributes } of calls) {
      // For samplers that keep sensitive operations.
      expect(attributes).toMatchObject({
        'mcp_audit.sensitive': true,
        'mcp_audit.data.sensitivity': 'highly_restricted',
      });
      expect(attributes).not.toHaveProperty('mcp_audit.policy_tags');
    }
    for (const side of ['client', 'server'] as const) {
      const [call] = pairsOf(audit, side, 'tools/call');
      for (const record of [call?.request, call?.response]) {
        expect(record).toMatchObject({
          'mcp_audit.sensitive': true,
          'mcp_audit.data.sensitivity': 'highly_restricted',
          'mcp_audit.tool.verb': 'write',
          'mcp_audit.policy_tags': ['PCI-DSS', 'SOC2'],
          'mcp_audit.classification.rules': ['money', 'large'],
          'gen_ai.tool.call.arguments': '{"currency":"EUR"}',
        });
      }
    }
    const said = audit.emitted.map((each) => each.text).join();
    for (const value of ['DE-secret', '987654321']) expect(said).not.toContain(value);
    await pair.close();
  });
});

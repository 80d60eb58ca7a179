/** Look-alike names are distinguishable on spans, measurements and records, and in the inventory. */
import { describe, expect, it } from 'vitest';
import { inventory } from '../../src/index.js';
import { auditScenarios } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';

const { telemetry, audit } = auditScenarios();

/** A tool's name, and how it is shown. */
const TOOLS = {
  delete_file: 'delete_file',
  'delete\u200b_file': 'delete\\u200b_file',
  'delete\\u200b_file': 'delete\\\\u200b_file',
  'd\u0435lete_file': 'd\\u0435lete_file',
  '\uff44elete_file': '\\uff44elete_file',
};
const SHOWN = Object.values(TOOLS).sort();

describe.each(FLAVOURS)('on $name', (flavour) => {
  it('no tool, server or client looks like another one', async () => {
    const server = `files ${flavour.name}`;
    const pair = await flavour.pair({
      serverInfo: { name: `${server}\u200d`, version: '1\u00ad.0' },
      clientInfo: { name: 'plan\u202ener', version: '2' },
      config: { audit: true },
      tools: Object.keys(TOOLS).map((name) => ({ name, handler: () => text('done') })),
    });
    await pair.client.listTools();
    for (const name of Object.keys(TOOLS)) await pair.client.callTool({ name, arguments: {} });
    await expectNothingOpen(telemetry);
    await pair.close();

    for (const side of ['client', 'server'] as const) {
      const calls = telemetry.spans.filter(
        (span) => span.name.startsWith('tools/call') && span.kind === (side === 'client' ? 2 : 1),
      );
      expect(calls.map(({ name }) => name).sort()).toEqual(SHOWN.map((name) => `tools/call ${name}`));
      expect(calls.map(({ attributes }) => attributes['gen_ai.tool.name']).sort()).toEqual(SHOWN);
      for (const { attributes } of calls) {
        if (side === 'client') expect(attributes['mcp_trail.server.name']).toBe(`${server}\\u200d`);
        else expect(attributes['mcp_trail.client.name']).toBe('plan\\u202ener');
      }
      const records = audit
        .of('mcp_audit.response')
        .filter((each) => each['mcp_audit.side'] === side && each['mcp.method.name'] === 'tools/call');
      expect(records.map((each) => each['gen_ai.tool.name']).sort()).toEqual(SHOWN);
      expect(records.map((each) => each['audit.target.id']).sort()).toEqual(SHOWN.map((name) => `tools/${name}`));
      for (const each of records) {
        expect(each['mcp_audit.server.name']).toBe(`${server}\\u200d`);
        expect(each['mcp_audit.server.version']).toBe('1\\u00ad.0');
        expect(each['mcp_audit.client.name']).toBe('plan\\u202ener');
      }
      const measured = (await telemetry.measurements()).filter(({ metric }) =>
        metric.startsWith(`mcp.${side}.operation`),
      );
      const labels = measured
        .map(({ attributes }) => attributes['gen_ai.tool.name'])
        .filter((name) => name !== undefined);
      expect([...new Set(labels)].sort()).toEqual(SHOWN);
    }

    const known = inventory()?.servers.find((each) => each.name === `${server}\\u200d`);
    const tools = known?.tools ?? [];
    expect(tools.map(({ name }) => name).sort()).toEqual(SHOWN);
    // The definition is hashed as received.
    expect(new Set(tools.map(({ hash }) => hash)).size).toBe(SHOWN.length);
  });
});

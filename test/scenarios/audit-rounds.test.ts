import { describe, expect, it } from 'vitest';
import { auditEndingOf, auditScenarios, ending, OK, pairsOf } from '../support/audit-endings.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen } from '../support/endings.js';
import { ELICITATION } from '../support/questions.js';
import { pairThatAsks } from '../support/rounds.js';

const { telemetry, audit } = auditScenarios();
const config = { audit: true } as const;
const dialect = DIALECTS.v2;

describe('the audit trail of a call of several rounds, on v2 2026-07-28', () => {
  it('has a separate pair for each round, with its outcome and its number', async () => {
    const pair = await pairThatAsks([[ELICITATION], [ELICITATION]], { config });
    await dialect.callTool(pair.client, 'deploy');
    await expectNothingOpen(telemetry);
    for (const side of ['client', 'server'] as const) {
      const rounds = pairsOf(audit, side, 'tools/call');
      expect(rounds.map(({ response }) => auditEndingOf(response))).toEqual([
        ending('input_required'),
        ending('input_required'),
        OK,
      ]);
      expect(rounds.map(({ request }) => request['mcp_trail.round'])).toEqual([undefined, 2, 3]);
      expect(rounds.map(({ response }) => response['mcp_trail.round'])).toEqual([undefined, 2, 3]);
      expect(rounds.map(({ response }) => response['mcp_trail.result.type'])).toEqual([
        'input_required',
        'input_required',
        undefined,
      ]);
    }
    await pair.close();
  });

  it('has a pair at the client for each question of the server in a result, with the same correlation id', async () => {
    const pair = await pairThatAsks([[ELICITATION]], { config });
    await telemetry.under('agent', () => dialect.callTool(pair.client, 'deploy'));
    await expectNothingOpen(telemetry);
    const [asked, ...others] = pairsOf(audit, 'server', ELICITATION.method);
    expect(others).toEqual([]);
    expect(asked?.response).toMatchObject({
      'audit.action': 'REQUEST_INPUT',
      'audit.target.type': 'mcp.client',
      'audit.target.id': 'test-client',
      'audit.actor.id': 'test-server',
      'mcp_audit.status': 'ok',
    });
    const [call] = pairsOf(audit, 'client', 'tools/call');
    expect(asked?.response['mcp_audit.correlation.id']).toBe(call?.request['mcp_audit.correlation.id']);
    await pair.close();
  });

  it('keeps a correlation id that the caller chose over all rounds and questions', async () => {
    const pair = await pairThatAsks([[ELICITATION]], { config });
    const _meta = { 'x-correlation-id': 'order-4711-a' };
    await pair.client.callTool({ name: 'deploy', arguments: {}, _meta });
    await expectNothingOpen(telemetry);
    const about = audit.records.filter((each) =>
      ['tools/call', ELICITATION.method].includes(each['mcp.method.name'] as string),
    );
    expect(about).toHaveLength(2 * 2 * 2 + 2);
    const ids = about.map((each) => `${each['mcp.method.name']} ${each['mcp_audit.correlation.id']}`);
    expect(new Set(ids)).toEqual(new Set(['tools/call order-4711-a', `${ELICITATION.method} order-4711-a`]));
    await pair.close();
  });
});

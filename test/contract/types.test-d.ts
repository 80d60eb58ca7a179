/** What compiles, and what does not: checked by `npm run typecheck`, never run. The lines of OpenTelemetry: test/matrix/types. */
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer as McpServerV2, Server as ServerV2 } from '@modelcontextprotocol/server';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { instrumentClient, instrumentServer, McpInstrumentation, type PolicyDocument } from '../../src/index.js';

export const instrumentation: Instrumentation = new McpInstrumentation();

const info = { name: 'a', version: '1' };
export const [clientV1, clientV2] = [new ClientV1(info), new ClientV2(info)];
export const [serverV1, serverV2] = [new ServerV1(info), new ServerV2(info)];
export const [mcpServerV1, mcpServerV2] = [new McpServerV1(info), new McpServerV2(info)];

for (const client of [clientV1, clientV2]) instrumentClient(client);
for (const server of [serverV1, serverV2]) instrumentServer(server);
for (const server of [mcpServerV1, mcpServerV2]) instrumentServer(server);
// @ts-expect-error
instrumentClient(serverV1);
// @ts-expect-error
instrumentClient(serverV2);
// @ts-expect-error
instrumentClient(mcpServerV1);
// @ts-expect-error
instrumentClient(mcpServerV2);
// @ts-expect-error
instrumentServer(clientV1);
// @ts-expect-error
instrumentServer(clientV2);
// @ts-expect-error
instrumentServer(undefined);

const rules = [{ id: 'reads', tool: 'read_*', verb: 'read' }] as const;
export const policies: PolicyDocument[] = [
  { version: 1, rules },
  // @ts-expect-error: another version
  { version: 2 },
  // @ts-expect-error: no version
  { rules },
  // @ts-expect-error: an unknown verb
  { version: 1, rules: [{ id: 'a', tool: 'a', verb: 'drop' }] },
  // @ts-expect-error: an unknown member
  { version: 1, rule: [] },
  // @ts-expect-error: an unknown type
  { version: 1, capture: { tools: { a: { arguments: { limit: { type: 'int' } } } } } },
];
new McpInstrumentation({ audit: { policy: { version: 1, rules } } });
// @ts-expect-error: another version
new McpInstrumentation({ audit: { policy: { version: 2 } } });

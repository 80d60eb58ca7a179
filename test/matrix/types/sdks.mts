/**
 * Objects of both MCP SDKs that the functions for manual instrumentation must accept. Compiled as ESM and, as a copy, as CommonJS;
 * never run.
 */
import { Client as ClientV2, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioClientTransportV2 } from '@modelcontextprotocol/client/stdio';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientTransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Server as LowLevelServerV1 } from '@modelcontextprotocol/sdk/server/index.js';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, Server as LowLevelServerV2, McpServer as McpServerV2 } from '@modelcontextprotocol/server';
import { instrumentClient, instrumentHandler, instrumentServer, instrumentTransport } from 'mcp-trail';

const info = { name: 'consumer', version: '1.0.0' };
const options = { captureArguments: true };

instrumentClient(new ClientV1(info));
instrumentClient(new ClientV2(info), options);

instrumentServer(new McpServerV1(info));
instrumentServer(new McpServerV2(info), options);
instrumentServer(new LowLevelServerV1(info));
instrumentServer(new LowLevelServerV2(info), options);

instrumentTransport(new StdioClientTransportV1({ command: 'server' }));
instrumentTransport(new StdioClientTransportV2({ command: 'server' }), options);
instrumentTransport(new StreamableHTTPClientTransport(new URL('http://127.0.0.1/mcp')));
instrumentTransport(new StreamableHTTPServerTransport({ sessionIdGenerator: undefined }));
instrumentTransport(new NodeStreamableHTTPServerTransport({ sessionIdGenerator: undefined }));

instrumentHandler(createMcpHandler(() => new McpServerV2(info)));

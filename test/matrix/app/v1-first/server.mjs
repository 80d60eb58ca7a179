import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import * as schemas from '@modelcontextprotocol/sdk/types.js';
import { runServer } from '../run-server.cjs';
import { registerTools, withTools } from './register-tools.cjs';

await runServer({ McpServer: withTools(Server), StdioServerTransport, schemas, registerTools }, (name) => import(name));

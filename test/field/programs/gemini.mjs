/** Runs Gemini CLI against a model on loopback that asks for one tool, and then says what the tool answered. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const [, , server, command] = process.argv;
const home = process.env['HOME'];

const answer = (part) => ({
  candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
});

const model = createServer(async (request, response) => {
  const body = JSON.parse((await text(request)) || '{}');
  const parts = (body.contents ?? []).flatMap(({ parts = [] }) => parts);
  const result = parts.find((part) => part.functionResponse)?.functionResponse.response;
  const part = result
    ? { text: `The tool said ${JSON.stringify(result)}` }
    : { functionCall: { name: 'mcp_everything_echo', args: { message: 'hello' } } };
  if (request.url.includes('countTokens')) response.end(JSON.stringify({ totalTokens: 1 }));
  else if (request.url.includes('stream'))
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${JSON.stringify(answer(part))}\n\n`);
  else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer(part)));
});
await new Promise((resolve) => model.listen(0, '127.0.0.1', resolve));

mkdirSync(path.join(home, '.gemini'), { recursive: true });
writeFileSync(
  path.join(home, '.gemini', 'settings.json'),
  JSON.stringify({
    mcpServers: { everything: { command: server, trust: true } },
    security: { auth: { selectedType: 'gemini-api-key' } },
    general: { disableAutoUpdate: true, disableUpdateNag: true },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
  }),
);
const child = spawn(process.execPath, [command, '--yolo', '--model', 'gemini-2.5-flash', '--prompt', 'Echo hello'], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: {
    ...process.env,
    GEMINI_API_KEY: 'dummy',
    GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${model.address().port}`,
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
  },
});
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
  model.close();
  model.closeAllConnections();
});

/** What every client does: lists and calls the tools of a server, and prints each result. Arguments: the server's file or URL. */
const [target] = process.argv.slice(2);

const answer = () => ({ model: 'none', role: 'assistant', content: { type: 'text', text: 'forty-two' } });

/** @param sdk its classes and what differs between SDKs */
export async function runClient(sdk) {
  const client = new sdk.Client({ name: 'bundled-client', version: '1.0.0' }, sdk.options(target));
  client.setRequestHandler(sdk.samplingMethod, answer);
  const transport = target.startsWith('http:')
    ? new sdk.StreamableHTTPClientTransport(new URL(target))
    : new sdk.StdioClientTransport({
        command: process.execPath,
        args: [...process.execArgv, target, 'stdio'],
        env: { ...process.env, OTEL_SERVICE_NAME: 'server' },
      });
  await client.connect(transport);
  const results = [await client.listTools()];
  for (const [name, args] of [['add', { a: 2, b: 3 }], ['fail'], ...(sdk.samples(target) ? [['ask']] : [])]) {
    results.push(await client.callTool({ name, arguments: args ?? {} }));
  }
  results.push(await client.request({ method: 'tools/nonsense' }, sdk.anyResult).catch(({ code }) => ({ code })));
  await sdk.listen?.(client, target);
  await client.close();
  process.stdout.write(JSON.stringify(results));
}

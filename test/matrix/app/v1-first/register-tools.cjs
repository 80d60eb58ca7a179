const tools = require('../tools.cjs');

/** Before there was `McpServer`, each server declared its capabilities itself. */
exports.withTools = (Server) =>
  class extends Server {
    constructor(info) {
      super(info, { capabilities: { tools: {} } });
    }
  };

exports.registerTools = (server, { schemas }) => {
  const ask = () => server.request({ method: 'sampling/createMessage', params: tools.samplingParams }, sampled);
  const sampled = schemas.CreateMessageResultSchema;
  const names = ['add', 'fail', 'ask'];
  server.setRequestHandler(schemas.ListToolsRequestSchema, () => ({
    tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })),
  }));
  server.setRequestHandler(schemas.CallToolRequestSchema, ({ params }) =>
    params.name === 'ask' ? tools.ask(ask) : tools[params.name](params.arguments),
  );
};

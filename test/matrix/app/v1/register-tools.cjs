const { add, ask, fail, samplingParams } = require('../tools.cjs');

exports.registerTools = (server, { z, CreateMessageResultSchema }) => {
  const sampling = { method: 'sampling/createMessage', params: samplingParams };
  server.tool('add', { a: z.number(), b: z.number() }, add);
  server.tool('fail', fail);
  server.tool('ask', (extra) => ask(() => extra.sendRequest(sampling, CreateMessageResultSchema)));
};

const { add, ask, fail, samplingParams } = require('../tools.cjs');

exports.registerTools = (server, { z }) => {
  server.registerTool('add', { inputSchema: z.object({ a: z.number(), b: z.number() }) }, add);
  server.registerTool('fail', {}, fail);
  server.registerTool('ask', {}, (ctx) => ask(() => ctx.mcpReq.requestSampling(samplingParams)));
};

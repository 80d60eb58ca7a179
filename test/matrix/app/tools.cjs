/**
 * The tools of the servers: one that succeeds and creates its own span, one that fails, one that sends the client a request.
 */
const { trace } = require('@opentelemetry/api');

const text = (value) => ({ content: [{ type: 'text', text: String(value) }] });

exports.samplingParams = {
  messages: [{ role: 'user', content: { type: 'text', text: 'how much?' } }],
  maxTokens: 10,
};

exports.add = async ({ a, b }) => {
  await new Promise(setImmediate); // the span must stay active after an await
  trace.getTracer('matrix').startSpan('work').end();
  return text(a + b);
};

exports.fail = async () => ({ ...text('it did not work'), isError: true });

exports.ask = async (sample) => text((await sample()).content.text);

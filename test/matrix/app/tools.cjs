/**
 * The tools of the matrix' servers: one that works and makes a span of its own, one that fails, one that asks the
 * client back.
 */
const { trace } = require('@opentelemetry/api');

const text = (value) => ({ content: [{ type: 'text', text: String(value) }] });

exports.samplingParams = {
  messages: [{ role: 'user', content: { type: 'text', text: 'how much?' } }],
  maxTokens: 10,
};

exports.add = async ({ a, b }) => {
  await new Promise(setImmediate); // the span has to be active after an await as well
  trace.getTracer('matrix').startSpan('work').end();
  return text(a + b);
};

exports.fail = async () => ({ ...text('it did not work'), isError: true });

exports.ask = async (sample) => text((await sample()).content.text);

/** The tools of every server: one that succeeds, one that fails, and one that asks the client. */
const text = (value) => ({ content: [{ type: 'text', text: String(value) }] });

export const sampling = {
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text: 'how much?' } }], maxTokens: 10 },
};

export const add = async ({ a, b }) => {
  await new Promise((resolve) => setImmediate(resolve));
  return text(a + b);
};

export const fail = async () => ({ ...text('it did not work'), isError: true });

export const ask = async (sample) => text((await sample()).content.text);

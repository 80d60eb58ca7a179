/**
 * The tasks extension of 2026-07-28: tools that return a task at once and finish it later.
 * Tasks are kept per process, because they outlive the request and its server object.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  acceptedContent,
  inputRequired,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { ask, capabilitiesOf, say } from './handler-kit.mjs';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
const TTL_MS = 60_000;

/** @typedef {import('@modelcontextprotocol/server').ServerContext} ServerContext */
/**
 * @typedef {object} Task The result of `tasks/get`.
 * @property {string} taskId
 * @property {string} status
 * @property {string} createdAt
 * @property {string} lastUpdatedAt
 * @property {number} ttlMs
 * @property {number} pollIntervalMs
 * @property {Record<string, unknown>} [inputRequests]
 * @property {unknown} [result]
 * @property {{ code: number, message: string }} [error]
 */
/** @typedef {{ task: Task, abort: AbortController, answered: () => void }} Job */

/** @type {Map<string, Job>} */
const jobs = new Map();

const now = () => new Date().toISOString();
const hasTasks = (/** @type {ServerContext} */ ctx) => capabilitiesOf(ctx).extensions?.[TASKS_EXTENSION] !== undefined;

function requireTasks(/** @type {ServerContext} */ ctx) {
  if (!hasTasks(ctx))
    throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } });
}

/**
 * Starts work in the background and answers the call with its task.
 * @param {(job: Job) => Promise<unknown>} work
 */
function createTask(work) {
  const created = now();
  /** @type {Task} */
  const task = {
    taskId: randomUUID(),
    status: 'working',
    createdAt: created,
    lastUpdatedAt: created,
    ttlMs: TTL_MS,
    pollIntervalMs: 100,
  };
  /** @type {Job} */
  const job = { task, abort: new AbortController(), answered: () => {} };
  jobs.set(task.taskId, job);
  setTimeout(() => jobs.delete(task.taskId), TTL_MS).unref();
  const answer = { ...task, resultType: 'task', content: [] };
  work(job).then(
    (result) => settle(job, { status: 'completed', result }),
    (error) => settle(job, { status: 'failed', error: { code: error.code ?? -32603, message: error.message } }),
  );
  return answer;
}

/** A task ends once: drops outcomes after a cancellation. */
function settle(/** @type {Job} */ { task }, /** @type {Partial<Task>} */ outcome) {
  if (task.status !== 'working') return;
  Object.assign(task, outcome, { lastUpdatedAt: now() });
}

/**
 * Pauses the task until the client has answered every request.
 * @param {Job} job
 * @param {Record<string, unknown>} inputRequests
 */
async function input(job, inputRequests) {
  Object.assign(job.task, { status: 'input_required', inputRequests, lastUpdatedAt: now() });
  await new Promise((resolve) => {
    job.answered = () => resolve(undefined);
  });
}

const sleep = (/** @type {number} */ seconds, /** @type {AbortSignal | undefined} */ signal) =>
  delay(seconds * 1000, undefined, { signal, ref: false });

/** @type {Record<string, { description: string, inputSchema: any, run: (args: any, ctx: ServerContext) => any }>} */
const tools = {
  greet: {
    description: 'Answers at once.',
    inputSchema: z.object({ name: z.string() }),
    run: ({ name }) => say(`Hello, ${name}!`),
  },
  slow_compute: {
    description: 'Takes its time.',
    inputSchema: z.object({ seconds: z.number().min(0).max(60), label: z.string().optional() }),
    run: async ({ seconds, label }, ctx) => {
      const work = async (/** @type {AbortSignal | undefined} */ signal) => {
        await sleep(seconds, signal);
        return say(`${label ?? 'It'} took ${seconds} s.`);
      };
      return seconds > 0 && hasTasks(ctx) ? createTask(({ abort }) => work(abort.signal)) : work(undefined);
    },
  },
  failing_job: {
    description: 'Ends with an error of the tool.',
    inputSchema: z.object({}),
    run: (_args, ctx) => {
      requireTasks(ctx);
      return createTask(async () => ({ ...say('This job fails on purpose.'), isError: true }));
    },
  },
  protocol_error_job: {
    description: 'Ends with an error of the protocol.',
    inputSchema: z.object({}),
    run: (_args, ctx) => {
      requireTasks(ctx);
      return createTask(async () => {
        throw new ProtocolError(ProtocolErrorCode.InternalError, 'This job breaks on purpose.');
      });
    },
  },
  confirm_delete: {
    description: 'Needs a yes half-way.',
    inputSchema: z.object({ filename: z.string() }),
    run: ({ filename }, ctx) => {
      requireTasks(ctx);
      return createTask(async (job) => {
        await input(job, { confirm: ask(`Delete ${filename}?`, 'confirm', 'boolean') });
        return say(`${filename} is gone.`);
      });
    },
  },
  multi_input: {
    description: 'Needs two answers half-way.',
    inputSchema: z.object({}),
    run: (_args, ctx) => {
      requireTasks(ctx);
      return createTask(async (job) => {
        await input(job, { first: ask('First?', 'confirm', 'boolean'), second: ask('Second?', 'confirm', 'boolean') });
        return say('Both answers arrived.');
      });
    },
  },
  test_tool_with_task: {
    description: 'Needs a name first, then becomes a task.',
    inputSchema: z.object({}),
    run: (_args, ctx) => {
      const answer = acceptedContent(ctx.mcpReq.inputResponses, 'user_name', z.object({ name: z.string() }));
      if (answer) return createTask(async () => say(`Done for ${answer.name}.`));
      return inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } });
    },
  },
};

/** @type {Record<string, (job: Job, ctx: ServerContext) => Record<string, unknown>>} */
const methods = {
  'tasks/get': ({ task }) => ({ ...task }),
  'tasks/cancel': ({ task, abort }) => {
    if (task.status === 'working' || task.status === 'input_required') {
      delete task.inputRequests;
      Object.assign(task, { status: 'cancelled', lastUpdatedAt: now() });
      abort.abort();
    }
    return {};
  },
  'tasks/update': ({ task, answered }, { mcpReq }) => {
    if (task.status !== 'input_required' || !task.inputRequests) return {};
    for (const key of Object.keys(mcpReq.inputResponses ?? {})) delete task.inputRequests[key];
    if (Object.keys(task.inputRequests).length > 0) return {};
    delete task.inputRequests;
    Object.assign(task, { status: 'working', lastUpdatedAt: now() });
    answered();
    return {};
  },
};

/** @param {import('@modelcontextprotocol/server').McpServer} server */
export function registerTasks(server) {
  for (const [name, { run, ...spec }] of Object.entries(tools)) server.registerTool(name, spec, run);
  for (const [method, run] of Object.entries(methods))
    server.server.setRequestHandler(method, { params: z.object({ taskId: z.string() }) }, ({ taskId }, ctx) => {
      requireTasks(ctx);
      const job = jobs.get(taskId);
      if (!job) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'No such task');
      return run(job, ctx);
    });
}

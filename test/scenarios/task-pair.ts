/** SDK v1's tasks: a server with a tool that runs as a task, and a client of it, both instrumented. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  InMemoryTaskMessageQueue,
  InMemoryTaskStore,
} from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { instrumentClient, instrumentServer, type McpInstrumentationConfig } from '../../src/index.js';
import { DIALECTS } from '../support/dialects.js';
import { text } from '../support/flavours.js';
import { ASKABLE, answer, type Question } from '../support/questions.js';

export interface RunningTask {
  readonly taskId: string;
  /** Asks the client something. The question waits in the task's queue. */
  ask(question: Question): Promise<unknown>;
  setStatus(status: 'input_required' | 'failed'): Promise<void>;
}

export interface TaskPairOptions {
  /** The questions that the client answers. */
  readonly questions?: readonly Question[];
  readonly config?: McpInstrumentationConfig;
  /** Runs as the task. Resolves to its result's status, `completed` by default; the task has no result if it rejects. */
  readonly work: (task: RunningTask) => Promise<unknown>;
}

export async function pairWithTask({ questions = [], config, work }: TaskPairOptions) {
  const options = { capabilities: { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } } };
  const stores = { taskStore: new InMemoryTaskStore(), taskMessageQueue: new InMemoryTaskMessageQueue() };
  const server = new McpServer({ name: 'server', version: '1.0.0' }, { ...options, ...stores });
  server.experimental.tasks.registerToolTask(
    'research',
    { inputSchema: {}, execution: { taskSupport: 'optional' } },
    {
      createTask: async (_args, { taskStore }) => {
        const task = await taskStore.createTask({ ttl: 60_000, pollInterval: 5 });
        const { taskId } = task;
        const ask: RunningTask['ask'] = ({ method, params }) =>
          server.server.request({ method, params } as never, z.looseObject({}), { relatedTask: { taskId } });
        const setStatus: RunningTask['setStatus'] = (status) => taskStore.updateTaskStatus(taskId, status);
        work({ taskId, ask, setStatus }).then(
          (status) => taskStore.storeTaskResult(taskId, status === 'failed' ? 'failed' : 'completed', text('done')),
          () => {},
        );
        return { task };
      },
      getTask: (_args, { taskId, taskStore }) => taskStore.getTask(taskId),
      getTaskResult: (_args, { taskId, taskStore }) => taskStore.getTaskResult(taskId) as never,
    },
  );
  const client = new Client({ name: 'client', version: '1.0.0' }, questions.length === 0 ? undefined : ASKABLE);
  for (const question of questions) answer(client, DIALECTS.v1, question);
  instrumentServer(server, config);
  instrumentClient(client, config);
  const [clientTransport, serverTransport] = InMemoryTransport.createLinkedPair();
  await server.connect(serverTransport);
  await client.connect(clientTransport);
  const close = async () => {
    await client.close();
    stores.taskStore.cleanup();
  };
  return { client, close };
}

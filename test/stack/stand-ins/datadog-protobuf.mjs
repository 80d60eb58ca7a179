/** Datadog's published protobuf definitions, from the modules of the Collector's build. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import protobuf from 'protobufjs';
import { Refused } from './server.mjs';

const require = createRequire(import.meta.url);
const COLLECTOR = fileURLToPath(new URL('../../../collector-config/stack/programs/otelcol/', import.meta.url));
const METRICS = 'github.com/DataDog/agent-payload/v5';
const TRACES = 'github.com/DataDog/datadog-agent/pkg/proto';
const GOGO = 'github.com/gogo/protobuf';

/** Folder of a module in the version of the Collector's go.mod. @param {string} module */
async function folderOf(module) {
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', module], { cwd: COLLECTOR });
  return JSON.parse(stdout).Dir;
}

/** Decoders of the exporter's payloads. Each rejects bytes outside of the definitions. */
export async function datadogDecoders() {
  const [metrics, traces, gogo] = [await folderOf(METRICS), await folderOf(TRACES), await folderOf(GOGO)];
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => {
    if (target.startsWith(`${GOGO}/`)) return join(gogo, target.slice(GOGO.length + 1));
    if (target.startsWith('google/')) return require.resolve(`protobufjs/${target}`);
    return target.startsWith('datadog/') ? join(traces, target) : target;
  };
  await root.load([join(metrics, 'proto/metrics/agent_payload.proto'), 'datadog/trace/agent_payload.proto']);
  const decoder = (/** @type {string} */ name) => {
    const type = root.lookupType(name);
    return (/** @type {Uint8Array} */ bytes) => {
      let message;
      try {
        message = type.decode(bytes);
      } catch (error) {
        throw new Refused(400, `no ${name}: ${error.message}`);
      }
      // A decoder skips unknown fields, so re-encoding then gives fewer bytes.
      const known = type.encode(message).finish().length;
      if (known !== bytes.length) throw new Refused(400, `${bytes.length - known} bytes are not of ${name}`);
      return type.toObject(message, { longs: Number, enums: String });
    };
  };
  return {
    series: decoder('datadog.agentpayload.MetricPayload'),
    sketches: decoder('datadog.agentpayload.SketchPayload'),
    traces: decoder('datadog.trace.AgentPayload'),
  };
}

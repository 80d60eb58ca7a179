/** One cell, a flavour over a transport: plays all scenarios and returns the telemetry of both sides as text. */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import type { Metric, Span } from '../../examples/support/otlp-json.mjs';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { waterfall } from '../../examples/support/waterfall.mjs';
import { DIALECTS } from '../support/dialects.js';
import type { Flavour } from '../support/flavours.js';
import { type Series, type Telemetry, until } from '../support/telemetry.js';
import { metricsText, type ServiceSeries } from './metrics-text.js';
import { SCENARIOS, type Scenario, type Stage } from './scenarios.js';
import type { Server, Transport } from './transports.js';

/** The service name of server processes; this process exports none. */
const SERVER = 'server';

export interface Played {
  /** By the name of the scenario. */
  readonly traces: ReadonlyMap<string, string>;
  readonly metrics: string;
  /** How many operations the processes have counted as active at their end. */
  readonly active: readonly number[];
  /** Spans outside of all scenarios. */
  readonly strays: string;
}

export function scenariosOf(flavour: Flavour): readonly Scenario[] {
  return SCENARIOS.filter(({ flavours }) => flavours?.includes(flavour.name) ?? true);
}

export async function playCell(flavour: Flavour, transport: Transport, telemetry: Telemetry): Promise<Played> {
  const receiver = await startOtlpReceiver();
  telemetry.reset();
  await telemetry.startMeasuring();
  try {
    const serverReported = (name: string, count = 1) =>
      transport.sameProcess
        ? until(() => telemetry.all('server', name).length >= count, `${count} server spans "${name}"`)
        : receiver.waitFor(({ spans }) => spans.filter(isServerSpan(name)).length >= count, { what: `span "${name}"` });
    const stage = { flavour, dialect: DIALECTS[flavour.sdk], stateless: transport.stateless(flavour), serverReported };
    await playAll(stage, await transport.start(flavour, receiver.url), telemetry);
    // Wait for the process that SDK v2 starts to probe the protocol era; it ends by itself.
    await receiver.waitFor(everyProcessHasMeasured, { what: 'metrics of every server process' });
    await exportSpans(telemetry.spans, receiver.url);

    const own = transport.sameProcess ? 'client and server' : 'client';
    const series = (await telemetry.measurements()).map((each: Series) => ({ ...each, service: own }));
    return asText(
      receiver.spans.map((span) => withService(span, own)),
      [...series, ...receiver.metrics.flatMap(seriesOf)],
      receiver.metrics.filter(({ name }) => name === 'mcp_trail.operations.active'),
    );
  } finally {
    await receiver.close();
  }
}

async function playAll(stage: Omit<Stage, 'client'>, server: Server, telemetry: Telemetry): Promise<void> {
  let client: any;
  try {
    for (const { name, play } of scenariosOf(stage.flavour)) {
      await telemetry.under(name, async () => {
        client ??= await server.connect();
        await play({ ...stage, client });
        await until(() => telemetry.open.length === 1, `everything but the scenario ${name} itself to be over`);
      });
    }
  } finally {
    await server.stop();
  }
}

/** Uses the real exporter, so that only the exported data tells the sides apart. */
function exportSpans(spans: ReadableSpan[], endpoint: string): Promise<void> {
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
  return new Promise((resolve, reject) => {
    exporter.export(spans, ({ error }) => (error ? reject(error) : resolve()));
  });
}

function isServerSpan(name: string): (span: Span) => boolean {
  return (span) => span.kind === 'SERVER' && span.name === name;
}

/** A process exports its metrics when it ends. */
function everyProcessHasMeasured({ spans, metrics }: { spans: Span[]; metrics: Metric[] }): boolean {
  const measured = new Set(metrics.map(processOf));
  return spans.every((span) => measured.has(processOf(span)));
}

function processOf({ resource }: Span | Metric): unknown {
  return resource['service.instance.id'];
}

function withService(span: Span, own: string): Span {
  if (span.resource['service.name'] === SERVER) return span;
  return { ...span, resource: { 'service.name': own } };
}

function seriesOf({ name, dataPoints, resource }: Metric): ServiceSeries[] {
  const service = String(resource['service.name']);
  // Sums have no count.
  const measured = dataPoints.filter(({ count }) => count !== undefined);
  return measured.map(({ attributes, count }) => ({ service, metric: name, attributes, count: Number(count) }));
}

function asText(spans: Span[], series: ServiceSeries[], active: Metric[]): Played {
  const roots = spans.filter((span) => span.parentSpanId === '' && span.kind === 'INTERNAL');
  const traceIds = new Set(roots.map(({ traceId }) => traceId));
  const draw = (of: (span: Span) => boolean) => waterfall(spans.filter(of), { normalise: true, attributes: 'all' });
  return {
    traces: new Map(roots.map(({ name, traceId }) => [name, draw((span) => span.traceId === traceId)])),
    metrics: metricsText(series),
    active: [...new Map(active.map((metric) => [processOf(metric), metric])).values()].map(({ dataPoints }) =>
      dataPoints.reduce((sum, { asInt }) => sum + Math.abs(Number(asInt)), 0),
    ),
    strays: draw((span) => !traceIds.has(span.traceId)),
  };
}

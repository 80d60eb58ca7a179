import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Complete lines of a file of OTLP JSON; empty if there is not a file. */
export async function readRequests(file: string): Promise<any[]> {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  // A line that is still being written has no newline yet.
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** All log records in a file of OTLP JSON. */
export const readLogs = async (file: string): Promise<any[]> =>
  (await readRequests(file)).flatMap((request) =>
    request.resourceLogs.flatMap(({ scopeLogs }: any) => scopeLogs.flatMap(({ logRecords }: any) => logRecords)),
  );

/** All spans in a file of OTLP JSON. */
export const readSpans = async (file: string): Promise<any[]> =>
  (await readRequests(file)).flatMap((request) =>
    request.resourceSpans.flatMap(({ scopeSpans }: any) => scopeSpans.flatMap(({ spans }: any) => spans)),
  );

/** All metrics in a file of OTLP JSON, with their service. */
export const readMetrics = async (file: string): Promise<any[]> =>
  (await readRequests(file)).flatMap((request) =>
    request.resourceMetrics.flatMap(({ resource, scopeMetrics }: any) =>
      scopeMetrics.flatMap(({ metrics }: any) =>
        metrics.map((metric: any) => ({ ...metric, service: attributeOf(resource.attributes, 'service.name') })),
      ),
    ),
  );

/** The value of an attribute, whatever its type. */
export function attributeOf(attributes: any[] | undefined, key: string): any {
  const value = attributes?.find((attribute) => attribute.key === key)?.value;
  return value && Object.values(value)[0];
}

export const auditFile = (folder: string) => join(folder, 'audit.jsonl');
export const logsFile = (folder: string) => join(folder, 'logs.jsonl');
export const tracesFile = (folder: string) => join(folder, 'traces.jsonl');
export const allTracesFile = (folder: string) => join(folder, 'traces_all.jsonl');
export const metricsFile = (folder: string) => join(folder, 'metrics.jsonl');

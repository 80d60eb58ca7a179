/** A span from Jaeger's API, with its scattered parts joined. */
export interface JaegerSpan {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly links: readonly string[];
  readonly name: string;
  readonly service: string;
  readonly kind: string | undefined;
  readonly tags: Record<string, unknown>;
}

/** All spans of a trace; empty if Jaeger does not have it. */
export async function traceOf(base: string, traceId: string): Promise<JaegerSpan[]> {
  const response = await fetch(new URL(`/api/traces/${traceId}`, base));
  if (response.status === 404) return [];
  const { data } = (await response.json()) as any;
  return (data ?? []).flatMap(({ spans, processes }: any) => spans.map((span: any) => readable(span, processes)));
}

function readable(span: any, processes: any): JaegerSpan {
  const tags = Object.fromEntries(span.tags.map(({ key, value }: any) => [key, value]));
  const references = (type: string) =>
    span.references.filter(({ refType }: any) => refType === type).map(({ spanID }: any) => spanID as string);
  return {
    id: span.spanID,
    parentId: references('CHILD_OF')[0],
    links: references('FOLLOWS_FROM'),
    name: span.operationName,
    service: processes[span.processID].serviceName,
    kind: tags['span.kind'],
    tags,
  };
}

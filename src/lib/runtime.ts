/** The JavaScript runtime. Others than Node.js name themselves beside the version of it that they imitate. */
export type Runtime = 'node' | 'bun' | 'deno';

export const RUNTIME: Runtime = (['bun', 'deno'] as const).find((name) => name in process.versions) ?? 'node';

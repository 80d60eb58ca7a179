/** Reads the Grafana dashboards from their files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const GRAFANA = fileURLToPath(new URL('../../collector-config/grafana/', import.meta.url));

export interface Target {
  readonly refId: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly expr?: string;
  readonly instant?: boolean;
  readonly exemplar?: boolean;
  readonly legendFormat?: string;
  readonly queryType?: string;
  readonly query?: string;
  readonly service?: string;
  readonly tags?: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  /** Not on rows. */
  readonly fieldConfig: { readonly defaults: any; readonly overrides: any[] };
  readonly transformations?: readonly { readonly id: string; readonly options: any }[];
}

export interface Variable {
  readonly name: string;
  readonly type: 'query' | 'custom' | 'textbox' | 'datasource';
  readonly label: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly query: any;
  readonly current: { readonly text?: any; readonly value?: any };
  readonly options: readonly { readonly value: string }[];
  readonly includeAll: boolean;
  readonly multi?: boolean;
  readonly allValue?: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly schemaVersion: number;
  readonly tags: readonly string[];
  readonly links: readonly any[];
  readonly annotations: { readonly list: readonly { name: string; expr: string; datasource: Target['datasource'] }[] };
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

export const DASHBOARDS: readonly Dashboard[] = readdirSync(join(GRAFANA, 'dashboards'))
  .sort()
  .map((file) => JSON.parse(readFileSync(join(GRAFANA, 'dashboards', file), 'utf8')));

/** The tables of `src/mapping/README.md`, made from those in the code. */
import { CEF_FORMS, CEF_HEADER, CEF_LABELS, CEF_LENGTHS, CEF_ROWS, CEF_SEVERITY } from '../../../src/mapping/cef.js';
import { lookUp } from '../../../src/mapping/convert.js';
import { DATADOG_ROWS } from '../../../src/mapping/datadog.js';
import { ECS_ROWS } from '../../../src/mapping/ecs.js';
import { LOKRYN_OUTCOMES, LOKRYN_ROWS } from '../../../src/mapping/lokryn.js';
import { ACTIONS, EVENTS, METHODS, type Meaning, TOOL_VERBS, UNKNOWN } from '../../../src/mapping/meaning.js';
import { OCSF_CLASSES } from '../../../src/mapping/ocsf-classes.js';
import { OCSF_ROWS } from '../../../src/mapping/ocsf-rows.js';
import type { MappingRow } from '../../../src/mapping/rows.js';

const code = (text: string | number): string => `\`${text}\``;
const codes = (all: readonly string[]): string => all.map(code).join(', ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replaceAll('  ', ' ');
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function fields(rows: readonly MappingRow[]): string {
  const cells = rows.map((row) => [code(row.from), code(row.to), row.as?.says ?? '', only(row)]);
  return table(['field', 'place', 'how', 'only'], cells);
}

function only({ in: kinds, side, beside, keeps }: MappingRow): string {
  const parts = [
    kinds && `${kinds.join(', ')} events`,
    side === 'server' ? 'not on the client' : side && `on the ${side}`,
    beside && `beside ${beside.map(code).join(' or ')}`,
    keeps && 'and also kept as it is',
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

const ocsf = ({ kind, activity: [id, name] }: Meaning): string => `${OCSF_CLASSES[kind].uid}.${id} ${name}`;
const foreign = (meaning: Meaning): string[] => [
  meaning.kind,
  ocsf(meaning),
  codes(meaning.category),
  codes(meaning.type),
  String(meaning.lokryn),
];

function events(): string {
  const ofEvents = Object.entries(EVENTS).flatMap(([event, { by, values, otherwise, ifAction }]) => {
    const ofAction = ifAction === undefined ? '' : `${ACTIONS[ifAction].lokryn} if its action is ${code(ifAction)}`;
    if (otherwise === 'method') return [[code(event), '', 'what its method is', '', '', '', ofAction]];
    const named = Object.entries(values ?? {}).map(([value, one]) => [
      code(event),
      `${code(by ?? '')} ${code(value)}`,
      ...foreign(one),
    ]);
    return [...named, [code(event), named.length > 0 ? 'otherwise' : '', ...foreign(otherwise)]];
  });
  const ofMethods = Object.entries(METHODS).map(([method, { action, lokryn, answered }]) => {
    const numbers = `${lokryn ?? ACTIONS[action].lokryn}${answered === undefined ? '' : `, ${answered} (response)`}`;
    return [code(method), code(action), ...foreign(ACTIONS[action]).slice(0, -1), numbers];
  });
  const ofActions = Object.entries(ACTIONS).map(([action, one]) => ['any other method', code(action), ...foreign(one)]);
  return table(
    ['event or method', 'by, or action', 'events', 'OCSF', 'ECS category', 'ECS type', 'lokryn'],
    [...ofEvents, ...ofMethods, ...ofActions, ['any other method', 'any other', ...foreign(UNKNOWN)]],
  );
}

const verbs = (): string =>
  table(
    ['verb', 'OCSF activity', 'ECS type'],
    Object.entries(TOOL_VERBS).map(([verb, { activity, type }]) => [code(verb), activity.join(' '), codes(type)]),
  );

const outcomes = (): string =>
  table(
    ['field', 'value → outcome'],
    LOKRYN_OUTCOMES.map(([key, values]) => [
      code(key),
      Object.entries(values)
        .map(([value, outcome]) => `${code(value)} → ${code(outcome)}`)
        .join(', '),
    ]),
  );

function cef(): string {
  const ofHeader = CEF_HEADER.map(({ place, from, max }) => [from.map(code).join(', else '), place, '', `${max}`]);
  const severities = Object.entries(CEF_SEVERITY).map(([name, number]) => `${code(name)} → ${code(number)}`);
  const ofExtension = CEF_ROWS.map(({ from, to, as = 'text', side }) => {
    const label = lookUp<string>(CEF_LABELS, to);
    const only = side === undefined ? '' : `not on the ${side === 'server' ? 'client' : 'server'}`;
    const how = [CEF_FORMS[as].says, only].filter(Boolean).join(', ');
    return [
      code(from),
      code(to) + (label === undefined ? '' : ` ${label}`),
      how,
      `${lookUp<number>(CEF_LENGTHS, to) ?? ''}`,
    ];
  });
  const severity = [code('severity_number'), 'Severity', `${severities.join(', ')} (by range), else ${code(0)}`, ''];
  return table(['field', 'place', 'how', 'bytes'], [...ofHeader, severity, ...ofExtension]);
}

export const TABLES: Readonly<Record<string, string>> = {
  events: events(),
  verbs: verbs(),
  ocsf: fields(OCSF_ROWS),
  ecs: fields(ECS_ROWS),
  datadog: fields(DATADOG_ROWS),
  cef: cef(),
  outcomes: outcomes(),
  lokryn: fields(LOKRYN_ROWS),
};

/** A document with each table between its two marks. */
export function withTables(document: string): string {
  return Object.entries(TABLES).reduce(
    (text, [name, made]) =>
      text.replace(
        new RegExp(`<!-- ${name} -->[^]*<!-- /${name} -->`),
        () => `<!-- ${name} -->\n\n${made}\n\n<!-- /${name} -->`,
      ),
    document,
  );
}

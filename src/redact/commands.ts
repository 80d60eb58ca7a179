/** Secrets that programs and files keep in places of their own: `curl -u`, `mysql -p`, netrc, JDBC, PuTTY's keys. */
import { inQuotes, valueEnd } from './named-values.js';
import { type Marked, type Span, startsAlone } from './spans.js';

/** How far behind a program's name to look for options. */
const MAX_COMMAND = 512;

/** The end of a command. */
const COMMAND_END = /(?<!\\)[\r\n]|[;|]|&&|(?<!\\\\)\\n/;

/** Between an option and its value: a space, an equals sign, or the separator of a list of arguments. */
const SEPARATOR = '(?:[ \\t]{1,4}|=|\\\\{0,3}["\'],\\s{0,4}(?=\\\\{0,3}["\']))';

/** A placeholder instead of a value. */
const PLACEHOLDER = /^\\{0,3}["'`]?(?:[$<[]|%\w|\{\{|-|$)/;

/** Programs, and the options that take a secret. */
interface Command {
  readonly programs: readonly string[];
  /** Source of the pattern for the option, up to the value. */
  readonly option: string;
  /** What the value must look like. */
  readonly value?: RegExp;
  /** What must come first in the command. */
  readonly after?: RegExp;
}

/** User and password, or a long user that is a token; not the numeric ids of a user and a group. */
const USER_AND_PASSWORD = /^(?:[^:\s]{0,128}:(?!\d+$)[^\s/]|[^:\s]{12,256}:$)/;

const COMMAND_OPTIONS: readonly Command[] = [
  {
    programs: ['curl'],
    option: `(?:-[A-Za-z]{0,8}[uU]${SEPARATOR}?|--(?:proxy-)?user${SEPARATOR})`,
    value: USER_AND_PASSWORD,
  },
  { programs: ['http', 'https', 'xh'], option: `(?:-a|--auth)${SEPARATOR}`, value: USER_AND_PASSWORD },
  {
    programs: ['mysql', 'mysqldump', 'mysqladmin', 'mysqlimport', 'mysqlcheck', 'mariadb', 'mariadb-dump'],
    option: '-p(?![\\s=])',
  },
  { programs: ['sshpass'], option: `-p${SEPARATOR}?` },
  { programs: ['redis-cli', 'valkey-cli'], option: `-a${SEPARATOR}` },
  {
    programs: ['docker', 'podman', 'helm', 'oc', 'skopeo', 'buildah', 'crane', 'oras', 'nerdctl', 'az'],
    option: `-p${SEPARATOR}`,
    after: /\blogin\b/,
  },
  {
    programs: ['mongo', 'mongosh', 'mongodump', 'mongorestore', 'mongoexport', 'mongoimport'],
    option: `-p${SEPARATOR}`,
  },
  { programs: ['ldapsearch', 'ldapmodify', 'ldapadd', 'ldapdelete', 'ldapwhoami'], option: `-w${SEPARATOR}?` },
  { programs: ['smbclient', 'rpcclient', 'smbmap'], option: `-U${SEPARATOR}`, value: /^[^%\s]{1,128}%\S/ },
  { programs: ['lftp'], option: `-u${SEPARATOR}`, value: /^[^,\s]{1,128},\S/ },
  { programs: ['zip', 'unzip', 'sqlcmd', 'bcp', 'isql', 'ipmitool'], option: `-P${SEPARATOR}?` },
  { programs: ['openssl'], option: `-pass(?:in|out)?${SEPARATOR}`, value: /^pass:./ },
  { programs: ['cqlsh', 'rabbitmqadmin'], option: `-p${SEPARATOR}` },
  { programs: ['aws'], option: `set ['"]?[\\w.]{0,64}(?:secret_access_key|session_token)['"]?${SEPARATOR}` },
];

function commandOf({ option, value, after }: Command, program: string): Marked {
  const regex = new RegExp(`(?<=[\\s"'])${option}`, 'g');
  const mark = program.length < 3 ? `${program} ` : program;
  return {
    id: 'assignment',
    marks: [mark],
    locate: (text, at) => {
      if (!startsAlone(text, at)) return undefined;
      const from = at + program.length;
      if (!/^(?:[ \t]|\\{0,3}["'],?)/.test(text.slice(from, from + 5))) return undefined;
      // Text behind the program's next mention is read from there.
      const next = text.indexOf(`${program} `, from);
      const command = text.slice(from, Math.min(from + MAX_COMMAND, next === -1 ? text.length : next));
      const end = COMMAND_END.exec(command)?.index ?? command.length;
      regex.lastIndex = 0;
      for (let found = regex.exec(command); found !== null && found.index < end; found = regex.exec(command)) {
        const start = from + found.index + found[0].length;
        const span = argumentAt(text, start);
        if (span === undefined || (value !== undefined && !value.test(text.slice(span.start, span.end)))) continue;
        if (after === undefined || after.test(command.slice(0, found.index))) return span;
      }
      return undefined;
    },
  };
}

/** Commands by program. */
const BY_PROGRAM = new Map(
  COMMAND_OPTIONS.flatMap((command) => command.programs.map((name) => [name, command] as const)),
);

/** Arguments examined. */
const MAX_ARGUMENTS = 64;

/**
 * Indexes of a program's arguments that are, or contain, a secret behind a short option: of `curl`, the `joe:x` after `-u`;
 * of `mysql`, `-px`. `program`, or the first argument, names the program.
 */
export function secretArguments(program: unknown, given: readonly unknown[]): ReadonlySet<number> {
  const found = new Set<number>();
  const named = commandNamed(program);
  const command = named ?? commandNamed(given[0]);
  if (command === undefined) return found;
  const texts = given.slice(0, MAX_ARGUMENTS).map((argument) => (typeof argument === 'string' ? argument : ''));
  const isAfter = command.after === undefined ? 0 : texts.findIndex((text) => command.after?.test(text));
  if (isAfter === -1) return found;
  const whole = new RegExp(`^${command.option}$`);
  const joined = new RegExp(`^${command.option}(?=.)`);
  for (let index = named === undefined ? 1 : 0; index < texts.length; index++) {
    const argument = texts[index] as string;
    const isValue = index > 0 && whole.test(`${texts[index - 1]?.slice(0, 64)} `);
    const value = isValue ? argument : argument.slice(joined.exec(argument)?.[0].length ?? argument.length);
    if (index > isAfter - 1 && !PLACEHOLDER.test(value.slice(0, 5)) && (command.value?.test(value) ?? true))
      found.add(index);
  }
  return found;
}

function commandNamed(program: unknown): Command | undefined {
  return typeof program === 'string' ? BY_PROGRAM.get(program.slice(-64).replace(/^.*[/\\\\]|\.exe$/g, '')) : undefined;
}

/** A word with quoted parts: `"joe":"x"`. */
const JOINED = /(?:"[^"\\]{1,256}"|'[^']{1,256}'|[\w.@-]{1,64}):(?:"[^"\\]{1,256}"|'[^']{1,256}')/y;

/** The argument at an index, without its quotes. */
function argumentAt(text: string, start: number): Span | undefined {
  if (PLACEHOLDER.test(text.slice(start, start + 5))) return undefined;
  JOINED.lastIndex = start;
  if (JOINED.test(text)) return { start, end: JOINED.lastIndex };
  const span = inQuotes({ start, end: valueEnd(text, start) }, text);
  return span.end > span.start ? span : undefined;
}

/** Between the words of a file whose line breaks may have been escaped or replaced. */
const GAP = '(?:[ \\t\\r\\n\\ufffd]|\\\\{1,3}[nrt]|%0[AaDd]|%20|\\+)';

/** A pattern that is matched at its mark; its group `secret` is hidden. */
function readAt(id: string, marks: readonly string[], source: string): Marked {
  const regex = new RegExp(source, 'dy');
  return {
    id,
    marks,
    locate: (text, at) => {
      regex.lastIndex = at;
      const [start, end] = regex.exec(text)?.indices?.groups?.['secret'] ?? [0, 0];
      return end > start ? { start, end } : undefined;
    },
  };
}

/** From the private lines to the last line, or to the end of the text if that is missing. */
function puttyAt(text: string, at: number, mark: string): Span {
  const start = at + mark.length;
  const last = text.indexOf('Private-MAC:', start);
  if (last === -1) return { start, end: text.length };
  return {
    start,
    end: last + (/^Private-MAC:\s{0,4}[0-9a-fA-F]{0,128}/.exec(text.slice(last, last + 160))?.[0].length ?? 0),
  };
}

const FILES: readonly Marked[] = [
  readAt(
    'assignment',
    ['machine', 'default'],
    `(?:machine${GAP}{1,4}[^\\s\\\\%"']{1,253}|default)${GAP}{1,8}(?:(?:login|account)${GAP}{1,4}[^\\s\\\\"']{1,128}${GAP}{1,8}){0,2}password${GAP}{1,4}(?<secret>[^\\s\\\\"'&]{1,256})`,
  ),
  readAt(
    'assignment',
    [':5432:', ':5433:', ':6432:', ':*:*:'],
    ':(?:\\d{4}|\\*):[\\w*-]{1,63}:[\\w*-]{1,63}:(?<secret>[^\\s:"\'\\\\&]{4,256})',
  ),
  readAt('userinfo', ['jdbc:oracle:'], 'jdbc:oracle:[a-z0-9]{1,8}:(?<secret>[^\\s/@"\']{1,128}/[^\\s@"\']{1,128})@'),
  readAt(
    'assignment',
    ['sqlplus', 'sqlldr', 'expdp', 'impdp'],
    '[a-z]{5,7}[ \\t]{1,4}(?:-[A-Za-z]{1,8}[ \\t]{1,4}){0,3}(?<secret>[\\w$]{1,64}/[^\\s@"\'/]{1,128})@',
  ),
  readAt('assignment', ['WIFI:'], 'WIFI:(?:[A-OQ-Z]:[^;]{0,64};){0,4}P:(?<secret>(?:[^;\\\\"]|\\\\.){1,128});'),
  readAt('assignment', ['code='], '(?<=(?:^|[?&\\s"\'#]))code=(?<secret>(?=[^\\d&]{0,64}\\d)[\\w.~%/+-]{20,})'),
  { id: 'private-key', marks: ['Private-Lines:'], locate: puttyAt },
];

export const COMMANDS: readonly Marked[] = [
  ...COMMAND_OPTIONS.flatMap((command) => command.programs.map((program) => commandOf(command, program))),
  ...FILES,
];

/** `mcp-trail verify`: whether audit records are as they were written, and all of them are there. */
import { parseArgs } from 'node:util';
import { readTrustedKeys } from '../chain/key-file.js';
import type { PublicKey } from '../chain/keys.js';
import {
  checkPaths,
  commandOf,
  IDENTITY_OPTION,
  IDENTITY_SAYS,
  identitiesOf,
  LIMIT_MAX_LINE_MIB,
  maxLineBytesOf,
  Problem,
} from './arguments.js';
import { visible } from './text.js';
import { parseTime } from './time.js';
import { checkTrail, type Request } from './verify/check-trail.js';

const DEFAULT_MAX_LINE_MIB = 16;
const DATE = /^\d{4}-\d\d-\d\d$/;

const USAGE = `Usage: mcp-trail verify [options] <path>...

Checks that audit records are as they were written, that none is missing, and that a trusted key has signed them.
Paths are files and folders of audit records, OTLP JSON logs, or exports of Loki, Elasticsearch, Datadog or Splunk
with the record inside; plain, gzip or age, in any order, copies allowed. - reads standard input.

  --trust <file>    public keys that may sign (a JWK Set, as mcp-trail keygen --trust makes it). Without it, nothing is
                    proven
  --pin <file>      checkpoints from the second place: the trail must reach as far. May be repeated
  --from, --to <t>  only records of this time (RFC 3339, or a date in UTC); chains may have begun before
  --unsigned        accept records that no trusted key has signed
  --strict          do not accept records that no checkpoint proves (after the last one, in front of missing ones),
                    records that stderr lost, a record that is cut off, or a clock set back
  --json            a line of JSON for each chain, and one for the total
  --record <file>   append the result as an audit record, for alerts
  --identity <file> ${IDENTITY_SAYS}
  --max-line <MiB>  longest line that is read, 1 to ${LIMIT_MAX_LINE_MIB}; default ${DEFAULT_MAX_LINE_MIB}
  --help            this text

Large inputs are sorted in a temporary file of about a tenth of their size (TMPDIR names another folder).

Exit code: 0 intact, 1 tampered with, 2 incomplete or unproven, 3 wrong usage, something that cannot be read, or no
records. Of several, the first of 3, 1, 2.
`;

export const verify = commandOf<Asked>({
  summary: 'whether audit records were changed or left out',
  usage: USAGE,
  read: requestOf,
  answer: (asked, world) => checkTrail(asked, trustedBy(asked), world),
});

type Asked = Request & { readonly trust: string | undefined };

function trustedBy({ trust }: Asked): readonly PublicKey[] {
  const keys = trust === undefined ? [] : readTrustedKeys(trust);
  if ('reason' in keys) throw new Problem(`the trust file ${visible(trust as string)} ${keys.reason}`);
  return keys;
}

function requestOf(args: readonly string[]): Asked | undefined {
  const { values, positionals: paths } = parse(args);
  if (values.help) return undefined;
  if (paths.length === 0) throw new Problem('verify needs at least one file or folder, or - for standard input');
  const { trust, pin: pins = [], record, unsigned = false, strict = false, json = false } = values;
  checkPaths(paths);
  if ([...pins, trust, record].includes('')) throw new Problem('the name of a file is empty');
  const from = timeOf('from', values.from, 'first');
  const to = timeOf('to', values.to, 'last');
  if (from !== undefined && to !== undefined && from > to) throw new Problem('--from is after --to');
  const maxLineBytes = maxLineBytesOf(values['max-line'], DEFAULT_MAX_LINE_MIB);
  const identities = identitiesOf(values.identity);
  return { paths, identities, pins, trust, record, from, to, unsigned, strict, json, maxLineBytes };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      trust: { type: 'string' },
      pin: { type: 'string', multiple: true },
      from: { type: 'string' },
      to: { type: 'string' },
      unsigned: { type: 'boolean' },
      strict: { type: 'boolean' },
      json: { type: 'boolean' },
      record: { type: 'string' },
      'max-line': { type: 'string' },
      ...IDENTITY_OPTION,
    },
  });
}

/** Milliseconds since 1970 of a time, or of the first or last moment of a day. */
function timeOf(option: string, text: string | undefined, moment: 'first' | 'last'): number | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(DATE.test(text) ? `${text}T${moment === 'first' ? '00:00:00' : '23:59:59.999999'}Z` : text);
  if (time === undefined) throw new Problem(`--${option} takes a time (RFC 3339) or a date, not ${visible(text)}`);
  return time;
}

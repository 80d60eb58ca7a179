/** Reads mapped records as the published schemas do, and says what they would not accept. */
import { isIP } from 'node:net';
import { CLASSES, OBJECT_PROFILES, OBJECTS, type Thing, VALUES } from './published/ocsf.js';

type Data = Record<string, any>;

const INTEGERS = ['integer', 'long', 'timestamp', 'port', 'int32', 'int64'];

/** Whether a value is of a simple type, in the words of the schemas. */
export function isOfType(value: unknown, type: string): boolean {
  if (type.endsWith('[]')) {
    return Array.isArray(value) && value.length > 0 && value.every((one) => isOfType(one, type.slice(0, -2)));
  }
  if (INTEGERS.includes(type)) return Number.isSafeInteger(value) && (type !== 'port' || Number(value) <= 65_535);
  if (type === 'ip') return typeof value === 'string' && isIP(value) !== 0 && !value.includes('%');
  if (type === 'hostname') return typeof value === 'string' && /^[a-z0-9._-]{1,253}$/i.test(value);
  if (type === 'date' || type === 'Timestamp') {
    return typeof value === 'string' && /T.*Z$/.test(value) && !Number.isNaN(Date.parse(value));
  }
  if (type === 'boolean' || type === 'number') return typeof value === type;
  return typeof value === 'string' && value !== '';
}

const SIMPLE = ['string', 'boolean', 'ip', 'hostname', ...INTEGERS];

/** What OCSF does not accept about an event; nothing for a valid one. */
export function wrongInOcsf(event: Data): string[] {
  const of = CLASSES[event.class_uid];
  if (of === undefined) return [`class_uid ${event.class_uid}`];
  const wrong: string[] = [];
  const profiles: string[] = event.metadata?.profiles ?? [];
  const say = (what: string, right: boolean): void => void (right || wrong.push(what));

  thing(event, of, '', 'event');
  say('class_name', event.class_name === of.name);
  say('category', event.category_uid === of.category[0] && event.category_name === of.category[1]);
  const activity = of.activities[event.activity_id];
  say('activity_id', activity !== undefined);
  say('activity_name', event.activity_id === 99 ? event.activity_name !== undefined : event.activity_name === activity);
  say('type_uid', event.type_uid === event.class_uid * 100 + event.activity_id);
  for (const [profile, members] of Object.entries(of.profiles)) {
    say(`profile ${profile}`, profiles.includes(profile) === members.some((member) => event[member] !== undefined));
  }
  for (const profile of profiles) {
    say(
      `profile ${profile} is not of the class`,
      profile in of.profiles || Object.values(OBJECT_PROFILES).includes(profile),
    );
  }
  return wrong;

  function thing(data: Data, { members, anyOf }: Thing, path: string, name: string): void {
    for (const [member, value] of Object.entries(data)) {
      const type = members[member]?.replace('!', '');
      if (type === undefined) wrong.push(`${path}${member} is not a member`);
      else if (type !== 'free') one(value, type, `${path}${member}`, member, name);
    }
    for (const [member, type] of Object.entries(members))
      say(`${path}${member} is missing`, !type.endsWith('!') || member in data);
    say(`${path || 'the event '}lacks one of ${anyOf}`, anyOf === undefined || anyOf.some((member) => member in data));
  }

  function one(value: any, type: string, path: string, member: string, holder: string): void {
    const plain = type.replace('[]', '');
    const profile = OBJECT_PROFILES[member];
    say(`${path} without its profile`, profile === undefined || profiles.includes(profile));
    const values = VALUES[`${holder}.${member}`] ?? VALUES[member];
    say(`${path} is ${value}`, values === undefined || values.includes(value));
    const of = OBJECTS[plain];
    if (of === undefined) {
      say(
        `${path} is not of the type ${type}: ${JSON.stringify(value)}`,
        SIMPLE.includes(plain) && isOfType(value, type),
      );
      return;
    }
    const all: Data[] = type.endsWith('[]') ? value : [value];
    say(`${path} is empty`, Array.isArray(all) && all.length > 0);
    for (const data of all) thing(data, of, `${path}.`, plain);
  }
}

/** All places with a value that is not an object, by their paths. */
export function leaves(data: Data, prefix = ''): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries(data)) {
    const path = `${prefix}${key}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [below, leaf] of leaves(value, `${path}.`)) found.set(below, leaf);
    } else found.set(path, value);
  }
  return found;
}

/** Values of OTLP's JSON as ordinary ones. */
import { isObject, MAX_DEPTH, type Members } from './json.js';

/** An entry of a list of attributes. */
interface KeyValue {
  readonly key: string;
  readonly value: unknown;
}

/** Whether a value is a list of attributes. */
export function isKeyValues(value: unknown): value is readonly KeyValue[] {
  return Array.isArray(value) && value.every((each) => isObject(each) && typeof own(each, 'key') === 'string');
}

/** What an `AnyValue` stands for; undefined for any other value. Integers may be text, as protobuf's JSON has them. */
export function plainValue(value: unknown, depth = 0): unknown {
  if (!isObject(value) || depth > MAX_DEPTH) return undefined;
  for (const name of ['stringValue', 'boolValue', 'doubleValue'] as const) {
    if (Object.hasOwn(value, name)) return value[name];
  }
  if (Object.hasOwn(value, 'intValue')) return integer(value['intValue']);
  const items = (name: string): readonly unknown[] => {
    const list = own(own(value, name), 'values');
    return Array.isArray(list) ? list : [];
  };
  if (Object.hasOwn(value, 'arrayValue')) return items('arrayValue').map((each) => plainValue(each, depth + 1));
  if (Object.hasOwn(value, 'kvlistValue')) {
    const members: Record<string, unknown> = Object.create(null);
    for (const each of items('kvlistValue')) {
      const key = own(each, 'key');
      if (typeof key !== 'string') continue;
      const member = plainValue(own(each, 'value'), depth + 1);
      // Both count: then it is not the value of any record.
      members[key] = Object.hasOwn(members, key) ? [members[key], member, null] : member;
    }
    return members;
  }
  return undefined;
}

function integer(value: unknown): unknown {
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? number : value;
}

function own(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? (value as Members)[name] : undefined;
}

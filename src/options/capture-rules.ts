/** The part of a policy that names the argument values to capture, by tool and path. */

import type { ToolCapture } from '../policy/rule.js';
import { namesOf } from '../redact/argument-names.js';
import type { CaptureRule } from '../redact/captured-arguments.js';
import { MAX_CAPTURED_CHARS } from '../redact/limits.js';
import { isSensitiveKey } from '../redact/sensitive-names.js';
import { checked, listOf, objectOf, recordOf, skippable, variants } from './containers.js';
import { exactly, finiteNumber, type Kind, oneOf, text, wholeNumber } from './kinds.js';

const MAX_TOOLS = 1000;
/** Rules of one tool. */
const MAX_RULES = 64;
/** Names in the path of an argument. */
const MAX_NAMES = 8;
const MAX_PATH_CHARS = 256;
const MAX_VALUES = 64;
const MAX_VALUE_CHARS = 128;

type Member = Exclude<keyof CaptureRule, 'type'>;

const MEMBERS = {
  values: listOf(
    text(MAX_VALUE_CHARS, `a text of at most ${MAX_VALUE_CHARS} characters`, () => true),
    { min: 1, max: MAX_VALUES, accepts: `a list of 1 to ${MAX_VALUES} texts of at most ${MAX_VALUE_CHARS} characters` },
  ),
  maxLength: wholeNumber(1, MAX_CAPTURED_CHARS),
  min: finiteNumber,
  max: finiteNumber,
  unsafeText: exactly(true as const),
};

/** A rule of one type, with the members of that type. */
function ruleOf(type: CaptureRule['type'], members: readonly Member[], required: readonly Member[] = []) {
  const kinds = Object.fromEntries(members.map((name) => [name, MEMBERS[name]]));
  return objectOf<CaptureRule>({ type: oneOf(type), ...kinds } as Parameters<typeof objectOf<CaptureRule>>[0], {
    required: ['type', ...required],
  });
}

const rule = checked(
  variants<CaptureRule>({
    number: ruleOf('number', ['min', 'max']),
    integer: ruleOf('integer', ['min', 'max']),
    boolean: ruleOf('boolean', []),
    enum: ruleOf('enum', ['values'], ['values']),
    string: ruleOf('string', ['maxLength', 'unsafeText'], ['unsafeText']),
  }),
  'min up to max',
  ({ min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }) => min <= max,
);

const path = checked(
  checked(
    text(MAX_PATH_CHARS, `paths of 1 to ${MAX_NAMES} names and at most ${MAX_PATH_CHARS} characters`, () => true),
    `paths of 1 to ${MAX_NAMES} names and at most ${MAX_PATH_CHARS} characters`,
    (value) => namesOf(value).length <= MAX_NAMES,
  ),
  'names that are not those of secrets, whose values are never captured',
  (value) => !namesOf(value).some(isSensitiveKey),
);

const toolArguments = recordOf(path, skippable(rule, 'Its value is not captured'), {
  max: MAX_RULES,
  beyond: 'The rules after that are skipped',
  accepts: 'an object with one rule for each path of an argument',
});

const tool = skippable(
  objectOf<ToolCapture>({ arguments: toolArguments }, { required: ['arguments'], unknown: 'It is ignored' }),
  'Nothing of the tool is captured',
);

const toolName = text(1024, 'the name of a tool, of at most 1024 characters', () => true);

export const captureTools: Kind<Readonly<Record<string, ToolCapture>>> = recordOf(toolName, tool, {
  max: MAX_TOOLS,
  beyond: 'The tools after that are skipped',
  accepts: 'an object with one member for each tool',
});

/** Classifying operations by rules. */
import { reportFailure } from '../report/report.js';
import { type ArgumentTest, asList, compileArguments } from './arguments.js';
import { compileGlob, type Glob } from './glob.js';
import { compileResource, type ResourceForms, type ResourcePattern, resourceForms } from './resource.js';
import {
  type Classification,
  type ClassificationDefaults,
  type ClassificationRule,
  combine,
  type Policy,
  type Subject,
} from './rule.js';

/** Subjects, arguments aside, whose rules are remembered. */
const MAX_REMEMBERED = 1000;
/** Names that are longer together are looked up anew each time. */
const MAX_KEY_CHARS = 512;

/** Parts of a subject that have a name, other than by a URI. */
const NAMES = ['method', 'tool', 'prompt', 'server'] as const;

interface CompiledRule {
  readonly rule: ClassificationRule;
  readonly position: number;
  readonly names: readonly (readonly [(typeof NAMES)[number], readonly Glob[]])[];
  readonly resource: readonly ResourcePattern[] | undefined;
  readonly arguments: ArgumentTest | undefined;
}

/** What is known of a subject before its arguments are looked at. */
interface Candidates {
  readonly sure: readonly CompiledRule[];
  /** Rules that match if the arguments do. */
  readonly possible: readonly CompiledRule[];
  /** What the sure rules say. */
  readonly classification: Classification;
}

/** Says how sensitive operations are. */
export class Classifier {
  readonly #rules: readonly CompiledRule[];
  readonly #defaults: ClassificationDefaults;
  readonly #remembered = new Map<string, Candidates>();

  /** @param rules checked ones, which nobody changes later: `parsePolicy` makes such */
  constructor(rules: readonly ClassificationRule[], defaults: ClassificationDefaults = {}) {
    this.#rules = rules.map(compileRule);
    this.#defaults = { ...defaults };
  }

  /** One that follows a policy, with its tags on every operation. */
  static of(policy: Policy): Classifier {
    return new Classifier(policy.rules, { ...policy.defaults, tags: policy.tags });
  }

  /**
   * All rules that match, taken together: the highest sensitivity, the strongest verb, the tags of all, and sensitive
   * if one of them says so. The answer is frozen, and the same object for the same names. Never throws.
   */
  classify(subject: Subject): Classification {
    try {
      const { sure, possible, classification } = this.#candidates(subject);
      if (possible.length === 0) return classification;
      const args = subject.arguments;
      const found = possible.filter((each) => each.arguments?.(args));
      return found.length === 0 ? classification : this.#combine([...sure, ...found]);
    } catch (error) {
      reportFailure('classification', error);
      return combine([], this.#defaults);
    }
  }

  #candidates(subject: Subject): Candidates {
    const key = keyOf(subject);
    const remembered = key === undefined ? undefined : this.#remembered.get(key);
    if (remembered !== undefined) return remembered;
    const candidates = this.#find(subject);
    if (key !== undefined) this.#remember(key, candidates);
    return candidates;
  }

  #find(subject: Subject): Candidates {
    const { resource } = subject;
    const forms = typeof resource === 'string' ? resourceForms(resource) : undefined;
    const matching = this.#rules.filter((rule) => matches(rule, subject, forms));
    const sure = matching.filter((rule) => rule.arguments === undefined);
    const possible = matching.filter((rule) => rule.arguments !== undefined);
    return { sure, possible, classification: this.#combine(sure) };
  }

  #remember(key: string, candidates: Candidates): void {
    if (this.#remembered.size >= MAX_REMEMBERED) {
      const [oldest] = this.#remembered.keys();
      this.#remembered.delete(oldest as string);
    }
    this.#remembered.set(key, candidates);
  }

  #combine(matching: readonly CompiledRule[]): Classification {
    const inOrder = [...matching].sort((one, other) => one.position - other.position);
    return combine(
      inOrder.map(({ rule }) => rule),
      this.#defaults,
    );
  }
}

function compileRule(rule: ClassificationRule, position: number): CompiledRule {
  return {
    rule,
    position,
    names: NAMES.flatMap((name) => {
      const patterns = rule[name];
      return patterns === undefined ? [] : [[name, compiled(patterns, (each) => compileGlob(each))] as const];
    }),
    resource: rule.resource === undefined ? undefined : compiled(rule.resource, compileResource),
    arguments: compileArguments(rule.arguments),
  };
}

function compiled<T>(patterns: string | readonly string[], compile: (pattern: string) => T | undefined): T[] {
  return asList(patterns).flatMap((pattern) => compile(pattern) ?? []);
}

/** Whether all holds that is asked of a subject, its arguments aside. */
function matches(rule: CompiledRule, subject: Subject, forms: ResourceForms | undefined): boolean {
  const named = rule.names.every(([name, globs]) => {
    const value = subject[name];
    return typeof value === 'string' && globs.some((glob) => glob(value));
  });
  return named && (rule.resource === undefined || (forms !== undefined && rule.resource.some((each) => each(forms))));
}

/** Different for subjects that differ in other than their arguments; undefined where it would be too long. */
function keyOf({ method, tool, prompt, server, resource }: Subject): string | undefined {
  let key = '';
  for (const part of [method, tool, prompt, server, resource]) {
    if (typeof part !== 'string') key += '-';
    else if (part.length > MAX_KEY_CHARS) return undefined;
    else key += `${part.length}:${part}`;
  }
  return key.length > MAX_KEY_CHARS ? undefined : key;
}

/** Classifies operations by rules. */
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

/** Subjects whose matching rules are cached; arguments do not count. */
const MAX_REMEMBERED = 1000;
/** Subjects with longer names are not cached. */
const MAX_KEY_CHARS = 512;

/** Members of a subject that are names rather than URIs. */
const NAMES = ['method', 'tool', 'prompt', 'server'] as const;

interface CompiledRule {
  readonly rule: ClassificationRule;
  readonly position: number;
  readonly names: readonly (readonly [(typeof NAMES)[number], readonly Glob[]])[];
  readonly resource: readonly ResourcePattern[] | undefined;
  readonly arguments: ArgumentTest | undefined;
}

/** The rules for a subject, before its arguments are tested. */
interface Candidates {
  readonly sure: readonly CompiledRule[];
  /** Rules that also have conditions on arguments. */
  readonly possible: readonly CompiledRule[];
  /** The classification by the sure rules alone. */
  readonly classification: Classification;
}

/** Decides how sensitive operations are. */
export class Classifier {
  readonly #rules: readonly CompiledRule[];
  readonly #defaults: ClassificationDefaults;
  readonly #remembered = new Map<string, Candidates>();

  /** @param rules checked rules that do not change, as `parsePolicy` returns them */
  constructor(rules: readonly ClassificationRule[], defaults: ClassificationDefaults = {}) {
    this.#rules = rules.map(compileRule);
    this.#defaults = { ...defaults };
  }

  /** A classifier for a policy, whose tags apply to every operation. */
  static of(policy: Policy): Classifier {
    return new Classifier(policy.rules, { ...policy.defaults, tags: policy.tags });
  }

  /**
   * Combines all matching rules: the highest sensitivity, the strongest verb, all tags, and sensitive if one rule says so.
   * The result is frozen, and the same object for the same names. Never throws.
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

/** Whether a subject meets all conditions except those on arguments. */
function matches(rule: CompiledRule, subject: Subject, forms: ResourceForms | undefined): boolean {
  const named = rule.names.every(([name, globs]) => {
    const value = subject[name];
    return typeof value === 'string' && globs.some((glob) => glob(value));
  });
  return named && (rule.resource === undefined || (forms !== undefined && rule.resource.some((each) => each(forms))));
}

/** The cache key of a subject, without its arguments; undefined if it would be too long. */
function keyOf({ method, tool, prompt, server, resource }: Subject): string | undefined {
  let key = '';
  for (const part of [method, tool, prompt, server, resource]) {
    if (typeof part !== 'string') key += '-';
    else if (part.length > MAX_KEY_CHARS) return undefined;
    else key += `${part.length}:${part}`;
  }
  return key.length > MAX_KEY_CHARS ? undefined : key;
}

/** Templates of one connection. Bounded; emptied when their common parts change. */
import type { MethodRow } from '../protocol/methods.js';
import type { Direction } from './connection-info.js';
import type { Template } from './template.js';

/** Templates beyond this are not kept. */
const MAX_TEMPLATES = 512;
/** Longer names are not kept. */
const MAX_KEY_LENGTH = 256;

/** A request and a notification with one method name differ: the peer chooses names. */
export interface TemplateCacheKey {
  readonly direction: Direction;
  readonly row: { readonly kind: MethodRow['kind'] };
  readonly method: string;
  readonly target: string | undefined;
}

type Methods = Map<string, Map<string | undefined, Template>>;

export class TemplateCache {
  #protocolVersion: string | undefined;
  #sessionId: string | undefined;
  #httpVersion: string | undefined;
  #other: object | undefined;
  #outbound = emptyMethods();
  #inbound = emptyMethods();
  #size = 0;

  /**
   * Empties the cache if a common part of its templates changes.
   * @param other the peer; another object if it is another peer
   */
  expect(
    protocolVersion: string | undefined,
    sessionId: string | undefined,
    httpVersion: string | undefined,
    other: object | undefined,
  ): void {
    if (
      protocolVersion === this.#protocolVersion &&
      sessionId === this.#sessionId &&
      httpVersion === this.#httpVersion &&
      other === this.#other
    ) {
      return;
    }
    this.#protocolVersion = protocolVersion;
    this.#sessionId = sessionId;
    this.#httpVersion = httpVersion;
    this.#other = other;
    this.#outbound = emptyMethods();
    this.#inbound = emptyMethods();
    this.#size = 0;
  }

  get(key: TemplateCacheKey): Template | undefined {
    return this.#methods(key).get(key.method)?.get(key.target);
  }

  set(key: TemplateCacheKey, template: Template): void {
    const { method, target } = key;
    if (this.#size >= MAX_TEMPLATES || method.length > MAX_KEY_LENGTH || (target?.length ?? 0) > MAX_KEY_LENGTH) return;
    const methods = this.#methods(key);
    let targets = methods.get(method);
    if (targets === undefined) {
      targets = new Map();
      methods.set(method, targets);
    }
    targets.set(target, template);
    this.#size += 1;
  }

  #methods({ direction, row }: TemplateCacheKey): Methods {
    return (direction === 'outbound' ? this.#outbound : this.#inbound)[row.kind];
  }
}

function emptyMethods(): Record<MethodRow['kind'], Methods> {
  return { request: new Map(), notification: new Map() };
}

/** Templates of one connection. Bounded; emptied when their common parts change. */
import type { Direction } from './connection-info.js';
import type { Template } from './template.js';

/** Templates beyond this are not kept. */
const MAX_TEMPLATES = 512;
/** Longer names are not kept. */
const MAX_KEY_LENGTH = 256;

type Targets = Map<string | undefined, Template>;

export class TemplateCache {
  #protocolVersion: string | undefined;
  #sessionId: string | undefined;
  #httpVersion: string | undefined;
  #other: object | undefined;
  #outbound = new Map<string, Targets>();
  #inbound = new Map<string, Targets>();
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
    this.#outbound = new Map();
    this.#inbound = new Map();
    this.#size = 0;
  }

  get(direction: Direction, method: string, target: string | undefined): Template | undefined {
    return (direction === 'outbound' ? this.#outbound : this.#inbound).get(method)?.get(target);
  }

  set(direction: Direction, method: string, target: string | undefined, template: Template): void {
    if (this.#size >= MAX_TEMPLATES || method.length > MAX_KEY_LENGTH || (target?.length ?? 0) > MAX_KEY_LENGTH) return;
    const methods = direction === 'outbound' ? this.#outbound : this.#inbound;
    let targets = methods.get(method);
    if (targets === undefined) {
      targets = new Map();
      methods.set(method, targets);
    }
    targets.set(target, template);
    this.#size += 1;
  }
}

/** Replaces members of foreign objects so that it can be undone and other copies of this package see it. */

/** Undoes a replacement, unless the member was replaced again meanwhile. */
export type Undo = () => void;

// biome-ignore lint/suspicious/noExplicitAny: the functions that are replaced have any type.
export type AnyFunction = (this: any, ...args: any[]) => any;

/** Marks our functions. Global, because copies of this package do not share module state. */
const WRAPPER = Symbol.for('mcp-trail.wrapper');

/**
 * Replaces a method, inherited or own, by an own property. It is as enumerable as before, so that copies and comparisons of
 * the object stay the same. An inherited method is looked up at each call: the application may replace it later.
 */
export function replaceMethod(target: object, key: string, wrap: (original: AnyFunction) => AnyFunction): Undo {
  const own = Object.getOwnPropertyDescriptor(target, key);
  const original = (target as Record<string, unknown>)[key];
  if (typeof original !== 'function') return () => {};
  const inherits = own === undefined && inherited(target, key, target) === original;
  const wrapper = wrap(inherits ? calledOnParent(target, key) : (original as AnyFunction));
  Object.defineProperty(target, key, {
    value: wrapper,
    writable: true,
    configurable: true,
    enumerable: own?.enumerable ?? false,
  });
  return () => restore(target, key, own, (descriptor) => descriptor?.value === wrapper);
}

/**
 * Wraps every function that is assigned to a property, now and later. An accessor of the object's class still gets the
 * values.
 */
export function wrapAssigned(target: object, key: string, wrap: (assigned: AnyFunction) => AnyFunction): Undo {
  const own = Object.getOwnPropertyDescriptor(target, key);
  const accessor = accessorOf(target, key);
  let assigned: unknown = (target as Record<string, unknown>)[key];
  let wrapped = wrapOnce(assigned, wrap);
  const get = function (this: unknown): unknown {
    return accessor === undefined ? wrapped : accessor.get?.call(this);
  };
  const set = function (this: unknown, value: unknown): void {
    assigned = value;
    wrapped = wrapOnce(value, wrap);
    accessor?.set?.call(this, wrapped);
  };
  if (wrapped !== assigned) accessor?.set?.call(target, wrapped);
  Object.defineProperty(target, key, { get, set, configurable: true, enumerable: own?.enumerable ?? false });
  return () => {
    restore(target, key, own, (descriptor) => descriptor?.set === set);
    if (own?.get === undefined || own.set !== undefined) (target as Record<string, unknown>)[key] = assigned;
  };
}

/** Whether a function is one of ours, of any copy of this package. */
export function isOurs(value: unknown): boolean {
  return typeof value === 'function' && WRAPPER in value;
}

function wrapOnce(value: unknown, wrap: (assigned: AnyFunction) => AnyFunction): unknown {
  if (typeof value !== 'function' || isOurs(value)) return value;
  return Object.assign(wrap(value as AnyFunction), { [WRAPPER]: true });
}

function inherited(target: object, key: string, receiver: unknown): unknown {
  const parent: object | null = Object.getPrototypeOf(target);
  return parent === null ? undefined : Reflect.get(parent, key, receiver);
}

/** What `super` would call. */
function calledOnParent(target: object, key: string): AnyFunction {
  return function (...args) {
    return (inherited(target, key, this) as AnyFunction).apply(this, args);
  };
}

function accessorOf(target: object, key: string): PropertyDescriptor | undefined {
  for (let each: object | null = target; each !== null; each = Object.getPrototypeOf(each)) {
    const descriptor = Object.getOwnPropertyDescriptor(each, key);
    if (descriptor !== undefined) return descriptor.set === undefined ? undefined : descriptor;
  }
  return undefined;
}

function restore(
  target: object,
  key: string,
  own: PropertyDescriptor | undefined,
  isOurs: (current: PropertyDescriptor | undefined) => boolean,
): void {
  if (!isOurs(Object.getOwnPropertyDescriptor(target, key))) return;
  if (own === undefined) delete (target as Record<string, unknown>)[key];
  else Object.defineProperty(target, key, own);
}

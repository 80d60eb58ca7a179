import { describe, expect, it } from 'vitest';
import { type AnyFunction, replaceMethod, wrapAssigned } from '../../../src/hook/replace-methods.js';

/** Wraps a function so that its results show it. */
const shouting = (original: AnyFunction): AnyFunction =>
  function (this: unknown, ...args: unknown[]) {
    return `${original.apply(this, args)}!`;
  };

class Greeter {
  readonly name: string = 'Ada';
  greet(...words: string[]): string {
    return [...words, this.name].join(' ');
  }
}

describe('replacing a method', () => {
  it.each([
    ['there is none', {}],
    ['the member is not a function', { greet: 'hello' }],
    ['the member is undefined', { greet: undefined }],
  ])('does nothing if %s', (_name, target) => {
    const before = { ...target };
    replaceMethod(target, 'greet', shouting)();
    expect(Object.getOwnPropertyDescriptors(target)).toEqual(Object.getOwnPropertyDescriptors(before));
  });

  it('puts an own method before an inherited one, and leaves the class unchanged', () => {
    const ada = new Greeter();
    const undo = replaceMethod(ada, 'greet', shouting);
    expect(ada.greet('good', 'day')).toBe('good day Ada!');
    expect(new Greeter().greet()).toBe('Ada');
    undo();
    expect(Object.hasOwn(ada, 'greet')).toBe(false);
    expect(ada.greet()).toBe('Ada');
  });

  it('calls what the class has at the time, also if the application has replaced it later', () => {
    class Host extends Greeter {}
    const undo = replaceMethod(Host.prototype, 'greet', shouting);
    const { greet } = Greeter.prototype;
    const undoLater = replaceMethod(Greeter.prototype, 'greet', () => () => 'replaced');
    expect(new Host().greet()).toBe('replaced!');
    undoLater();
    expect(Greeter.prototype.greet).toBe(greet);
    expect(new Host().greet('hello')).toBe('hello Ada!');
    undo();
  });

  it('calls the method that a proxy gave instead of the inherited one', () => {
    class Secret {
      readonly #name = 'Ada';
      greet(): string {
        return this.#name;
      }
    }
    const bound = new Proxy(new Secret(), {
      get(target, key) {
        const value = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const undo = replaceMethod(bound, 'greet', shouting);
    expect(Object.getOwnPropertyDescriptor(bound, 'greet')?.value()).toBe('Ada!');
    undo();
  });

  it('cannot be seen in copies and comparisons of the object', () => {
    const ada = new Greeter();
    replaceMethod(ada, 'greet', shouting);
    expect(Object.keys(ada)).toEqual(['name']);
    expect({ ...ada }).toEqual({ name: 'Ada' });
    expect(JSON.stringify(ada)).toBe('{"name":"Ada"}');
  });

  it.each([true, false])('keeps the enumerability %s of an own method, and restores it', (enumerable) => {
    const greet = () => 'hello';
    const target = Object.defineProperty({}, 'greet', {
      value: greet,
      writable: false,
      configurable: true,
      enumerable,
    }) as any;
    const before = Object.getOwnPropertyDescriptor(target, 'greet');
    const undo = replaceMethod(target, 'greet', shouting);
    expect(target.greet()).toBe('hello!');
    expect(Object.keys(target)).toEqual(enumerable ? ['greet'] : []);
    undo();
    expect(Object.getOwnPropertyDescriptor(target, 'greet')).toEqual(before);
  });

  it('of a class reaches existing instances and those of subclasses', () => {
    class Class extends Greeter {
      override greet(...words: string[]) {
        return super.greet(...words);
      }
    }
    class Sub extends Class {}
    const existing = new Sub();
    const undo = replaceMethod(Class.prototype, 'greet', shouting);
    expect(existing.greet()).toBe('Ada!');
    undo();
    expect(existing.greet()).toBe('Ada');
  });

  it('leaves a replacement that others have put on top of it', () => {
    const ada = new Greeter();
    const undo = replaceMethod(ada, 'greet', shouting);
    const theirs = () => 'theirs';
    ada.greet = theirs;
    undo();
    expect(ada.greet).toBe(theirs);
  });

  it('is undone once: a second time does not take off a later replacement', () => {
    const ada = new Greeter();
    const undo = replaceMethod(ada, 'greet', shouting);
    undo();
    replaceMethod(ada, 'greet', shouting);
    undo();
    expect(ada.greet()).toBe('Ada!');
  });

  it('can be done twice, and undone in the reverse order', () => {
    const ada = new Greeter();
    const undos = [replaceMethod(ada, 'greet', shouting), replaceMethod(ada, 'greet', shouting)];
    expect(ada.greet()).toBe('Ada!!');
    for (const undo of undos.reverse()) undo();
    expect(Object.hasOwn(ada, 'greet')).toBe(false);
  });

  it('throws for a frozen object', () => {
    expect(() => replaceMethod(Object.freeze(new Greeter()), 'greet', shouting)).toThrow(TypeError);
  });
});

/** A transport whose class keeps the handler elsewhere, as the HTTP server of the SDKs does. */
class Forwarding {
  readonly inner: { onmessage?: AnyFunction } = {};
  get onmessage(): AnyFunction | undefined {
    return this.inner.onmessage;
  }
  set onmessage(handler: AnyFunction | undefined) {
    this.inner.onmessage = handler as AnyFunction;
  }
}

const hello = () => 'hello';
const goodbye = () => 'goodbye';

describe('wrapping what is assigned to a plain property', () => {
  it('ignores values that are not functions', () => {
    const target: any = {};
    wrapAssigned(target, 'onmessage', shouting);
    for (const value of [undefined, null, 'text', {}]) {
      target.onmessage = value;
      expect(target.onmessage).toBe(value);
    }
  });

  it('wraps the present function, and later ones', () => {
    const target: any = { onmessage: hello };
    wrapAssigned(target, 'onmessage', shouting);
    expect(target.onmessage()).toBe('hello!');
    target.onmessage = goodbye;
    expect(target.onmessage()).toBe('goodbye!');
  });

  it('wraps once what is read and assigned again', () => {
    const target: any = { onmessage: hello };
    wrapAssigned(target, 'onmessage', shouting);
    const { onmessage } = target;
    target.onmessage = onmessage;
    expect(target.onmessage).toBe(onmessage);
    expect(target.onmessage()).toBe('hello!');
  });

  it('wraps once if another copy of this package wraps the same property', () => {
    const target: any = { onmessage: hello };
    wrapAssigned(target, 'onmessage', shouting);
    wrapAssigned(target, 'onmessage', shouting);
    target.onmessage = goodbye;
    expect(target.onmessage()).toBe('goodbye!');
  });

  it('restores the last assigned value and the property when it is undone', () => {
    const target: any = { onmessage: hello };
    const undo = wrapAssigned(target, 'onmessage', shouting);
    target.onmessage = goodbye;
    undo();
    expect(target.onmessage).toBe(goodbye);
    expect(Object.getOwnPropertyDescriptor(target, 'onmessage')).toMatchObject({ writable: true, enumerable: true });
  });

  it('leaves only an undefined property if nothing was assigned', () => {
    const target: any = {};
    wrapAssigned(target, 'onmessage', shouting)();
    expect(target.onmessage).toBeUndefined();
    target.onmessage = hello;
    expect(target.onmessage).toBe(hello);
  });

  it('calls the function with its own this and all arguments', () => {
    const target: any = { name: 'Ada' };
    wrapAssigned(target, 'onmessage', shouting);
    target.onmessage = function (this: any, ...words: string[]) {
      return [...words, this.name].join(' ');
    };
    expect(target.onmessage('good', 'day')).toBe('good day Ada!');
  });
});

describe('wrapping what is assigned to an accessor', () => {
  it('of the class keeps the accessor working', () => {
    const target = new Forwarding();
    wrapAssigned(target, 'onmessage', shouting);
    target.onmessage = hello;
    expect(target.inner.onmessage?.()).toBe('hello!');
    expect(target.onmessage).toBe(target.inner.onmessage);
  });

  it('of the class wraps what was assigned before', () => {
    const target = new Forwarding();
    target.onmessage = hello;
    wrapAssigned(target, 'onmessage', shouting);
    expect(target.inner.onmessage?.()).toBe('hello!');
  });

  it('of the class is removed when it is undone, and the accessor holds the last assigned value', () => {
    const target = new Forwarding();
    const undo = wrapAssigned(target, 'onmessage', shouting);
    target.onmessage = hello;
    undo();
    expect(Object.hasOwn(target, 'onmessage')).toBe(false);
    expect(target.inner.onmessage).toBe(hello);
  });

  it('of the object itself is restored when it is undone, and holds the last assigned value', () => {
    const inner: { onmessage?: AnyFunction } = {};
    const target: any = Object.defineProperty({}, 'onmessage', {
      get: () => inner.onmessage,
      set: (handler) => {
        inner.onmessage = handler;
      },
      configurable: true,
    });
    const before = Object.getOwnPropertyDescriptor(target, 'onmessage');
    const undo = wrapAssigned(target, 'onmessage', shouting);
    target.onmessage = hello;
    expect(inner.onmessage?.()).toBe('hello!');
    undo();
    expect(Object.getOwnPropertyDescriptor(target, 'onmessage')).toEqual(before);
    expect(inner.onmessage).toBe(hello);
  });

  it('that can only be read stays unchanged', () => {
    const target: any = Object.defineProperty({}, 'onmessage', { get: () => hello, configurable: true });
    const undo = wrapAssigned(target, 'onmessage', shouting);
    expect(target.onmessage()).toBe('hello!');
    expect(undo).not.toThrow();
    expect(target.onmessage).toBe(hello);
  });
});

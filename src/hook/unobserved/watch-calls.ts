/** Shows what passes through the methods of a stream, to the byte and the object as it is, until enough has been seen. */
import { replaceMethod, type Undo } from '../replace-methods.js';
import type { Look } from './detector.js';

/** Looks at the first argument of each call of the methods. */
export function watchCalls(stream: object, methods: readonly string[], look: Look): Undo {
  let undos: Undo[] = [];
  const undo = () => {
    for (const each of undos.splice(0)) each();
  };
  undos = methods.map((method) =>
    replaceMethod(
      stream,
      method,
      (original) =>
        function (this: unknown, ...args: unknown[]) {
          // The end of a stream without a chunk, or a call with a callback alone, shows nothing.
          if (isChunk(args[0]) && look(args[0])) undo();
          return original.apply(this, args);
        },
    ),
  );
  return undo;
}

function isChunk(value: unknown): boolean {
  return value !== undefined && value !== null && typeof value !== 'function';
}

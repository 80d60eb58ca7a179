/** How records show those who act, and what else identifies them: by `actorIds` and `actorDetails`. */
import type { AuditValues } from '../options/table.js';
import type { PseudonymMap } from '../pseudonyms/map.js';
import type { Digester } from '../redact/digest.js';

export interface Persons {
  /** Shows a verified id. */
  readonly showId: (id: string) => string;
  /** Shows what else identifies somebody, or leaves it out; undefined where it is as any other field. */
  readonly showDetail: ((text: string) => string) | 'omit' | undefined;
}

export const PLAIN: Persons = { showId: (id) => id, showDetail: undefined };

interface Parts {
  readonly digester: Digester;
  /** Undefined without a usable state directory. */
  readonly pseudonyms: () => PseudonymMap | undefined;
}

const SHOWN: Readonly<
  Record<AuditValues['actorIds'], (parts: Parts, details: AuditValues['actorDetails']) => Persons>
> = {
  plain: () => PLAIN,
  digest: ({ digester }) => ({ showId: (id) => digester.digest(id), showDetail: undefined }),
  pseudonym: ({ digester, pseudonyms }, details) => ({
    // Never the id itself.
    showId: (id) => pseudonyms()?.of('actor', id) ?? digester.digest(id),
    showDetail: details === 'omit' ? details : (text) => pseudonyms()?.of('detail', text) ?? digester.digest(text),
  }),
};

export function personsOf({ actorIds, actorDetails }: AuditValues, parts: Parts): Persons {
  return SHOWN[actorIds](parts, actorDetails);
}

const SHOWN_BEFORE = /^(?:(?:actor|detail)-[0-9a-f]{24}|hmac-sha256:[\w.-]{1,32}:[0-9a-f]{64})$/;

/** The same for values of the inventory, which may be shown already. */
export function ofInventory({ showId, showDetail }: Persons): Persons {
  // Only with pseudonyms does the inventory hold them.
  if (showDetail === undefined) return { showId, showDetail };
  return { showId: (id) => (SHOWN_BEFORE.test(id) ? id : showId(id)), showDetail };
}

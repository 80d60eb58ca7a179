/** Everything in `elastic/` and `backends/elastic.yaml`, on one real Elasticsearch behind the real Collector. */
import { afterAll, beforeAll, expect } from 'vitest';
import { access, installation } from './elastic/access.js';
import { delivery } from './elastic/delivery.js';
import { documents } from './elastic/documents.js';
import { type ElasticPlace, startElasticPlace } from './elastic/place.js';
import { queries, silence, withoutData } from './elastic/queries.js';

let place: ElasticPlace;
let before: Awaited<ReturnType<typeof withoutData>>;

beforeAll(async () => {
  place = await startElasticPlace();
  expect(await place.install()).toMatchObject({ ok: true });
  before = await withoutData(place);
  await place.startCollector();
}, 240_000);

afterAll(() => place?.stop());

silence(() => place);
installation(() => place);
access(() => place);
documents(() => place);
delivery(() => place);
queries(
  () => place,
  () => before,
);

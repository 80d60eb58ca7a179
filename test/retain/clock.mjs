/** Preloaded: the process lives at another time, by as many milliseconds as the variable says. */
const by = Number(process.env['TEST_CLOCK_MS'] ?? 0);
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...parts) {
    super(...(parts.length === 0 ? [Real.now() + by] : parts));
  }

  static now() {
    return Real.now() + by;
  }
};

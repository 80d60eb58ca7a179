/**
 * An application that has set up its own SDK shuts it down itself: when nothing is left to do, and on SIGTERM. Before,
 * it disables the instrumentation, whose last records would be taken by nobody afterwards.
 */
exports.flushOnExit = (shutdown) => {
  process.once('beforeExit', shutdown);
  process.once('SIGTERM', () => shutdown().finally(() => process.exit(0)));
};

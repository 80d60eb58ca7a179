/**
 * Shuts down the application's own SDK when the event loop is empty and on SIGTERM. First disables the instrumentation, because
 * the SDK accepts no records after its shutdown.
 */
exports.flushOnExit = (shutdown) => {
  process.once('beforeExit', shutdown);
  process.once('SIGTERM', () => shutdown().finally(() => process.exit(0)));
};

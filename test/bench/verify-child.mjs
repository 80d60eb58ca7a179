/** Runs the command that `verify.mjs` names, and prints what it took on stderr. */
const [cli, ...args] = process.argv.slice(2);
process.argv.splice(1, process.argv.length, cli, 'verify', ...args);
process.once('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  process.stderr.write(`${JSON.stringify({ maxRSS, cpu: (userCPUTime + systemCPUTime) / 1e6 })}\n`);
});
await import(cli);

/** Serves an HTTP handler on a free port of loopback, and says which. */
import { createServer } from 'node:http';

export function listen(handle) {
  const http = createServer(handle);
  http.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${http.address().port}/mcp` }));
}

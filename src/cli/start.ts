#!/usr/bin/env node
/** The command `mcp-trail`. What `wrap` runs starts before anything else is loaded: `src/build.mjs` leaves both imports until they are used. */
import { main } from './main.js';
import { startWrapped } from './wrap-start.js';

const [, , name, ...args] = process.argv;
if (name !== 'wrap' || !startWrapped(args)) main();

/** All rows, of every kind. */
import { publishedRows } from './published.mjs';
import { rows } from './rows.mjs';
import { stackRows } from './stacks.mjs';
import { wayRows } from './ways.mjs';

export const everything = [...rows.all, ...wayRows, ...stackRows, ...publishedRows];

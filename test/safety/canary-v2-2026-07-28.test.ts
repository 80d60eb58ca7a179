/** Canaries in every field, found in no output: SDK v2, 2026-07-28. */
import { FLAVOURS, type Flavour } from '../support/flavours.js';
import { sweepAll } from './canary/suite.js';

sweepAll(FLAVOURS[2] as Flavour);

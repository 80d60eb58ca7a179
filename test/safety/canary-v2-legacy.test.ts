/** Canaries in every field, found in no output: SDK v2, legacy. */
import { FLAVOURS, type Flavour } from '../support/flavours.js';
import { sweepAll } from './canary/suite.js';

sweepAll(FLAVOURS[1] as Flavour);

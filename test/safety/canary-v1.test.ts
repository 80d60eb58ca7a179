/** Canaries in every field, found in no output: SDK v1. */
import { FLAVOURS, type Flavour } from '../support/flavours.js';
import { sweepAll } from './canary/suite.js';

sweepAll(FLAVOURS[0] as Flavour);

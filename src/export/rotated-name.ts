/** Names of rotated files: `audit.jsonl` becomes `audit-2026-11-21T093000Z-1.jsonl`. Pure. */
import { basename, extname } from 'node:path';

const TIME = /^-(\d{4}-\d{2}-\d{2}T\d{6}Z)-([1-9]\d{0,14})$/;
/** The last millisecond of the year 9999: later years would make a longer name. */
const MAX_TIME_MS = 253_402_300_799_999;

/** When a file was rotated, to the second, and its number within that second. */
export interface RotatedName {
  readonly name: string;
  /** As in the name; such texts sort by time. */
  readonly time: string;
  readonly number: number;
}

/** The rotated files of a path among the names of a folder, newest first. */
export function rotatedNames(path: string, names: readonly string[]): RotatedName[] {
  const { stem, extension } = parts(path);
  return names.flatMap((name) => parse(name, stem, extension) ?? []).sort(newestFirst);
}

const ANY_STEM = /^.+?(?=-\d{4}-\d{2}-\d{2}T\d{6}Z-\d{1,15}(?:\.[^.]*)?$)/;

/** A name as that of a rotated file of any path, and the name that the file had before; undefined for other names. */
export function rotatedFrom(name: string): (RotatedName & { readonly before: string }) | undefined {
  const stem = ANY_STEM.exec(name)?.[0];
  if (stem === undefined) return undefined;
  const extension = extname(name);
  const rotated = parse(name, stem, extension);
  return rotated && { ...rotated, before: `${stem}${extension}` };
}

/** Milliseconds since 1970 of the time in such a name. */
export function rotationTime({ time }: RotatedName): number {
  return Date.parse(time.replace(/T(\d\d)(\d\d)/, 'T$1:$2:'));
}

/**
 * The next candidate for a rotated file's name. It sorts behind all others, even if the clock was set back, because the
 * first by name are deleted first.
 */
export function nextName(path: string, nowMs: number, newest: RotatedName | undefined): RotatedName {
  const now = timeOf(nowMs);
  const time = newest !== undefined && newest.time > now ? newest.time : now;
  const number = newest?.time === time ? newest.number + 1 : 1;
  const { stem, extension } = parts(path);
  return { name: `${stem}-${time}-${number}${extension}`, time, number };
}

function parts(path: string): { stem: string; extension: string } {
  const extension = extname(path);
  return { stem: basename(path, extension), extension };
}

function parse(name: string, stem: string, extension: string): RotatedName | undefined {
  if (name.length < stem.length + extension.length || !name.startsWith(stem) || !name.endsWith(extension)) return;
  const match = TIME.exec(name.slice(stem.length, name.length - extension.length));
  return match === null ? undefined : { name, time: match[1] as string, number: Number(match[2]) };
}

function newestFirst(a: RotatedName, b: RotatedName): number {
  if (a.time === b.time) return b.number - a.number;
  return a.time < b.time ? 1 : -1;
}

function timeOf(ms: number): string {
  const clamped = Math.min(Math.max(ms, 0), MAX_TIME_MS);
  return new Date(clamped)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '');
}

import { readFileSync } from 'node:fs';

/** Where a model is scored: `node` is the database's own code, run by Node. */
export type ScoringEngine = 'database' | 'node' | 'sidecar';

export interface EngineResult {
  /** Cases that gave the recorded numbers, each with all of its rows. */
  readonly passed: number;
  /** A bound of |got - expected| / (1 + |expected|) over them; 0 means equal bit for bit. */
  readonly largestDifference: number;
}

/** One kind of model, objective or operator of a format. */
export interface ModelSupport {
  readonly model: string;
  readonly engines: Readonly<Partial<Record<ScoringEngine, EngineResult>>>;
  /** What gave the expected numbers: engines with their versions. */
  readonly recordedBy: readonly string[];
}

export interface RefusedCase {
  readonly case: string;
  /** The error that a user sees. */
  readonly reason: string;
}

export interface FormatSupport {
  /** As `ModelSource.format` has it. */
  readonly format: string;
  readonly title: string;
  /** Cases that passed, by engine; a case may be about several models. */
  readonly passed: Readonly<Partial<Record<ScoringEngine, number>>>;
  readonly models: readonly ModelSupport[];
  /** Cases of the conformance suite that are refused, with the reason. */
  readonly refused: readonly RefusedCase[];
}

/** A bound for people: exact, or the power of ten that it stays within. */
export function differenceText(bound: number): string {
  return bound === 0 ? '0' : `≤ ${bound.toExponential(0)}`;
}

/** Every format with what the conformance suite holds it to: nothing stands here that no test runs. */
export function listFormats(): readonly FormatSupport[] {
  const text = readFileSync(new URL('../src/formats.json', import.meta.url), 'utf8');
  return JSON.parse(text) as FormatSupport[];
}

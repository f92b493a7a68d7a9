import { cityHash64 } from './city-hash.ts';
import { averageTerms, countTerms, masked } from './evaluate-terms.ts';
import type { TextMaker } from './text-makers.ts';
import type { TextMeasure, TextStep } from './text-steps.ts';

/** What a step writes to its registers for a text, or for NULL. */
export function runTextStep(step: Exclude<TextStep, TextMaker>, text: string | null): readonly number[] {
  switch (step.kind) {
    case 'hash-text':
      return [text === null ? step.missing : Number(BigInt.asUintN(32, cityHash64(utf8(text))))];
    case 'count-terms':
      return countTerms(step, text);
    case 'average-terms':
      return averageTerms(step, text);
    case 'measure-text':
      return [text === null ? step.missing : measureText(step.measure, text)];
  }
}

/** What is told of a text. */
export function measureText(measure: TextMeasure, text: string): number {
  switch (measure.name) {
    case 'length':
      return text.length;
    case 'matches':
      return new RegExp(measure.pattern, 'su').test(masked(text)) ? 1 : 0;
    case 'number':
      return readNumber(text) ?? measure.invalid;
    case 'date': {
      const seconds = readDateTime(text);
      return seconds === undefined || seconds % 86_400 !== 0 ? measure.invalid : seconds / 86_400;
    }
    case 'date-time':
      return readDateTime(text) ?? measure.invalid;
    case 'time': {
      const time = readTime(text);
      return time === undefined ? measure.invalid : time.whole + time.fraction;
    }
  }
}

function readNumber(text: string): number | undefined {
  const trimmed = text.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  if (/^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(trimmed)) return Number(trimmed);
  if (/^\+?INF$/.test(trimmed)) return Infinity;
  return trimmed === '-INF' ? -Infinity : undefined;
}

/** Whole seconds and their fraction, which is added last. */
interface Seconds {
  readonly whole: number;
  readonly fraction: number;
}

function readDateTime(text: string): number | undefined {
  const found = /^(\d{4,6})-(\d\d)-(\d\d)(?:[T ]([\d:.]+)(Z|[-+][\d:]+)?)?$/.exec(text);
  if (found === null) return undefined;
  const [year, month, day] = found.slice(1, 4).map(Number) as [number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // 2023-02-30 were another day.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const time = readTime(found[4] ?? '00:00');
  const offset = found[5] === undefined || found[5] === 'Z' ? 0 : readOffset(found[5]);
  if (time === undefined || offset === undefined) return undefined;
  return date.getTime() / 1000 + time.whole - offset + time.fraction;
}

function readTime(text: string): Seconds | undefined {
  const found = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d{1,9})?)?$/.exec(text);
  if (found === null) return undefined;
  const [hours, minutes, seconds, fraction] = found.slice(1).map((part) => Number(part ?? 0));
  return { whole: hours! * 3600 + minutes! * 60 + seconds!, fraction: fraction! };
}

function readOffset(text: string): number | undefined {
  const found = /^([-+])(\d\d)(?::?([0-5]\d)(?::?([0-5]\d))?)?$/.exec(text);
  if (found === null || Number(found[2]) > 15) return undefined;
  const seconds = Number(found[2]) * 3600 + Number(found[3] ?? 0) * 60 + Number(found[4] ?? 0);
  return found[1] === '-' ? -seconds : seconds;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

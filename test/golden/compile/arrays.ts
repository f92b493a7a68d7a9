export function mean(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

export function upper(words: (string | null)[] | null): (string | undefined)[] | null {
  return words && words.map((word) => word?.toUpperCase());
}

export function doubled(values: (number | null)[] | null): number[] | null {
  return values && values.map((value) => 2 * (value ?? 0));
}

export function softmax(margins: Float64Array): Float64Array {
  const powers = margins.map(Math.exp);
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

export function weekLater(day: Date): Date {
  return new Date(day.getTime() + 7 * 86_400_000);
}

export function parseDay(text: string): Date {
  return new Date(text);
}

export function days(from: Date): Date[] {
  return [from, weekLater(from)];
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

import { utf8 } from './utf8.ts';

/**
 * MurmurHash3_x86_32 of a text's UTF-8, as a signed number.
 * https://github.com/aappleby/smhasher/blob/61a0530f28277f2e850bfc39600ce61d02b518de/src/MurmurHash3.cpp
 * `tail` is explained in `src/ir/text-steps.ts`.
 */
export function murmurHash3(text: string, seed: number, tail?: 'bytes'): number {
  const bytes = utf8(text);
  const { length } = bytes;
  const end = length & ~3;
  let hash = seed | 0;
  for (let i = 0; i < end; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    hash = add(hash, word);
  }
  if (tail === 'bytes') {
    for (let i = end; i < length; i++) hash = add(hash, (bytes[i]! << 24) >> 24);
  } else {
    let rest = 0;
    for (let i = length - 1; i >= end; i--) rest = (rest << 8) | bytes[i]!;
    hash ^= scramble(rest);
  }
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function add(hash: number, word: number): number {
  const sum = hash ^ scramble(word);
  return (Math.imul((sum << 13) | (sum >>> 19), 5) + 0xe6546b64) | 0;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

const FACTOR = 0x4906ba494954cb65n;

/**
 * The hash of a combination, element by element, from 0n: categories by their hash, signed, and tests by 1 or 0.
 * https://github.com/catboost/catboost/blob/v1.2/catboost/libs/model/hash.h
 */
export function combineHash(hash: bigint, element: number): bigint {
  return BigInt.asUintN(64, FACTOR * (hash + FACTOR * BigInt(element)));
}

/** Terms of the series; with |z| ≤ 0.2 the rest is below the last bit of a double. */
const TERMS = 12;
const LN2 = 0.6931471805599453;

/**
 * Natural logarithm of a positive finite number. `Math.log` may differ in its last bits from platform to platform
 * (ECMA-262 leaves it to the implementation); the four operations used here may not, so that scores are the same
 * everywhere.
 */
export function naturalLog(value: number): number {
  let mantissa = value;
  let exponent = 0;
  while (mantissa >= 1.5) {
    mantissa /= 2;
    exponent++;
  }
  while (mantissa < 0.75) {
    mantissa *= 2;
    exponent--;
  }
  // ln m = 2 artanh z = 2 (z + z³/3 + z⁵/5 + …) with z = (m − 1)/(m + 1)
  const z = (mantissa - 1) / (mantissa + 1);
  const square = z * z;
  let sum = 0;
  for (let term = TERMS; term >= 0; term--) sum = sum * square + 1 / (2 * term + 1);
  return 2 * z * sum + exponent * LN2;
}

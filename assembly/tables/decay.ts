/** e^-x without a library, the same on every machine. */

/** e^-x for x >= 0 (less counts as 0), to within 2e-7: 2^-(x / ln 2), the nearest whole number as an exponent, the rest, between -1/2
 *  and 1/2, by Taylor's polynomial. */
export function decay(x: f64): f64 {
  if (!(x > 0)) return 1;
  const halvings = x * 1.4426950408889634;
  if (halvings >= 64) return 0;
  const whole = <u64>(halvings + 0.5);
  const rest = halvings - <f64>whole;
  const part = 1 + rest * (-0.69314718 + rest * (0.24022651 + rest * (-0.05550411 + rest * (0.00961813 + rest * (-0.00133336 + rest * 0.00015404)))));
  return part * reinterpret<f64>((1023 - whole) << 52);
}
